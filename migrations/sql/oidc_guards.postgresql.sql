-- Providers, their confirmations and ends are only ever added.
DO $$
DECLARE fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['oidc_provider', 'oidc_provider_confirmation', 'oidc_provider_end'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_append_only', fact);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_no_truncate', fact);
    END LOOP;
END $$
-- next
-- Two persons: who confirms a provider is not who proposed it, and says the digest of what was proposed.
CREATE FUNCTION tonne_guard_oidc_confirmation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM oidc_provider p
        JOIN user_account mine ON mine.user_id = NEW.confirmed_by
        JOIN user_account proposer ON proposer.user_id = p.proposed_by
        WHERE p.provider_id = NEW.provider_id AND p.organisation_id = NEW.organisation_id AND p.sha256 = NEW.sha256
          AND p.needs_confirmation = 1 AND mine.person_id <> proposer.person_id
    ) THEN
        RAISE EXCEPTION 'oidc.second_person: a provider is confirmed by another person than who proposed it, over its digest'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER oidc_provider_confirmation_second_person BEFORE INSERT ON oidc_provider_confirmation
    FOR EACH ROW EXECUTE FUNCTION tonne_guard_oidc_confirmation()
-- next
-- An attempt is used once and never turned to another provider, session or person.
CREATE FUNCTION tonne_guard_oidc_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ROW(NEW.attempt_sha256, NEW.provider_id, NEW.organisation_id, NEW.session_id, NEW.created_at, NEW.expires_at)
          IS DISTINCT FROM
          ROW(OLD.attempt_sha256, OLD.provider_id, OLD.organisation_id, OLD.session_id, OLD.created_at, OLD.expires_at)
       OR OLD.claimed_at IS NOT NULL AND NEW.claimed_at IS DISTINCT FROM OLD.claimed_at
       OR OLD.person_id IS NOT NULL AND ROW(NEW.person_id, NEW.is_mfa) IS DISTINCT FROM ROW(OLD.person_id, OLD.is_mfa)
       OR OLD.done_at IS NOT NULL AND NEW.done_at IS DISTINCT FROM OLD.done_at THEN
        RAISE EXCEPTION 'oidc.attempt_fixed: an attempt is claimed, proven and finished once each'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER oidc_attempt_fixed BEFORE UPDATE ON oidc_attempt
    FOR EACH ROW EXECUTE FUNCTION tonne_guard_oidc_attempt()
