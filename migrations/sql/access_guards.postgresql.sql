-- Roles, their confirmations and ends, and what happened at the door are only ever added.
DO $$
DECLARE fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['membership_role', 'membership_role_confirmation', 'membership_role_end', 'access_event'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_append_only', fact);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_no_truncate', fact);
    END LOOP;
END $$
-- next
-- Two persons: who confirms a role is neither who gave it nor who gets it, and says the digest of what was given.
CREATE FUNCTION tonne_guard_role_confirmation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM membership_role g
        JOIN user_account mine ON mine.user_id = NEW.confirmed_by
        JOIN user_account receiver ON receiver.user_id = g.user_id
        LEFT JOIN user_account granter ON granter.user_id = g.granted_by
        WHERE g.grant_id = NEW.grant_id AND g.organisation_id = NEW.organisation_id AND g.sha256 = NEW.sha256
          AND g.needs_confirmation = 1 AND mine.person_id <> receiver.person_id
          AND (granter.person_id IS NULL OR mine.person_id <> granter.person_id)
    ) THEN
        RAISE EXCEPTION 'role.second_person: a role is confirmed by a person who neither gives nor gets it, over its digest'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER membership_role_confirmation_second_person BEFORE INSERT ON membership_role_confirmation
    FOR EACH ROW EXECUTE FUNCTION tonne_guard_role_confirmation()
-- next
-- A session ends for good and is never handed to another person; only its last use and its end change.
CREATE FUNCTION tonne_guard_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at
       OR ROW(NEW.session_id, NEW.token_sha256, NEW.organisation_id, NEW.user_id, NEW.created_at, NEW.idle_s, NEW.expires_at,
              NEW.is_approving_allowed)
          IS DISTINCT FROM ROW(OLD.session_id, OLD.token_sha256, OLD.organisation_id, OLD.user_id, OLD.created_at, OLD.idle_s,
                               OLD.expires_at, OLD.is_approving_allowed) THEN
        RAISE EXCEPTION 'session.fixed: only the last use and the end of a session change'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER access_session_fixed BEFORE UPDATE ON access_session
    FOR EACH ROW EXECUTE FUNCTION tonne_guard_session()
-- next
CREATE TRIGGER legal_entity_append_only BEFORE UPDATE OR DELETE ON legal_entity
    FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER legal_entity_book_append_only BEFORE UPDATE OR DELETE ON legal_entity_book
    FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
