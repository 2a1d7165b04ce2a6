-- Providers, their confirmations and ends are only ever added.
CREATE TRIGGER oidc_provider_no_update BEFORE UPDATE ON oidc_provider
BEGIN
    SELECT RAISE(ABORT, 'oidc.append_only: UPDATE on oidc_provider is refused; add a row instead');
END
-- next
CREATE TRIGGER oidc_provider_no_delete BEFORE DELETE ON oidc_provider
BEGIN
    SELECT RAISE(ABORT, 'oidc.append_only: DELETE on oidc_provider is refused; add a row instead');
END
-- next
CREATE TRIGGER oidc_provider_no_replace BEFORE INSERT ON oidc_provider
WHEN EXISTS (SELECT 1 FROM oidc_provider WHERE provider_id = NEW.provider_id)
BEGIN
    SELECT RAISE(ABORT, 'oidc.append_only: REPLACE on oidc_provider is refused');
END
-- next
CREATE TRIGGER oidc_provider_confirmation_no_update BEFORE UPDATE ON oidc_provider_confirmation
BEGIN
    SELECT RAISE(ABORT, 'oidc.append_only: UPDATE on oidc_provider_confirmation is refused; add a row instead');
END
-- next
CREATE TRIGGER oidc_provider_confirmation_no_delete BEFORE DELETE ON oidc_provider_confirmation
BEGIN
    SELECT RAISE(ABORT, 'oidc.append_only: DELETE on oidc_provider_confirmation is refused; add a row instead');
END
-- next
CREATE TRIGGER oidc_provider_confirmation_no_replace BEFORE INSERT ON oidc_provider_confirmation
WHEN EXISTS (SELECT 1 FROM oidc_provider_confirmation WHERE provider_id = NEW.provider_id)
BEGIN
    SELECT RAISE(ABORT, 'oidc.append_only: REPLACE on oidc_provider_confirmation is refused');
END
-- next
CREATE TRIGGER oidc_provider_end_no_update BEFORE UPDATE ON oidc_provider_end
BEGIN
    SELECT RAISE(ABORT, 'oidc.append_only: UPDATE on oidc_provider_end is refused; add a row instead');
END
-- next
CREATE TRIGGER oidc_provider_end_no_delete BEFORE DELETE ON oidc_provider_end
BEGIN
    SELECT RAISE(ABORT, 'oidc.append_only: DELETE on oidc_provider_end is refused; add a row instead');
END
-- next
CREATE TRIGGER oidc_provider_end_no_replace BEFORE INSERT ON oidc_provider_end
WHEN EXISTS (SELECT 1 FROM oidc_provider_end WHERE provider_id = NEW.provider_id)
BEGIN
    SELECT RAISE(ABORT, 'oidc.append_only: REPLACE on oidc_provider_end is refused');
END
-- next
-- Two persons: who confirms a provider is not who proposed it, and says the digest of what was proposed.
CREATE TRIGGER oidc_provider_confirmation_second_person BEFORE INSERT ON oidc_provider_confirmation
WHEN NOT EXISTS (
    SELECT 1 FROM oidc_provider p
    JOIN user_account mine ON mine.user_id = NEW.confirmed_by
    JOIN user_account proposer ON proposer.user_id = p.proposed_by
    WHERE p.provider_id = NEW.provider_id AND p.organisation_id = NEW.organisation_id AND p.sha256 = NEW.sha256
      AND p.needs_confirmation = 1 AND mine.person_id <> proposer.person_id
)
BEGIN
    SELECT RAISE(ABORT, 'oidc.second_person: a provider is confirmed by another person than who proposed it, over its digest');
END
-- next
-- An attempt is used once and never turned to another provider, session or person.
CREATE TRIGGER oidc_attempt_fixed BEFORE UPDATE ON oidc_attempt
WHEN NEW.attempt_sha256 IS NOT OLD.attempt_sha256 OR NEW.provider_id IS NOT OLD.provider_id
    OR NEW.organisation_id IS NOT OLD.organisation_id OR NEW.session_id IS NOT OLD.session_id
    OR NEW.created_at IS NOT OLD.created_at OR NEW.expires_at IS NOT OLD.expires_at
    OR (OLD.claimed_at IS NOT NULL AND NEW.claimed_at IS NOT OLD.claimed_at)
    OR (OLD.person_id IS NOT NULL AND (NEW.person_id IS NOT OLD.person_id OR NEW.is_mfa IS NOT OLD.is_mfa))
    OR (OLD.done_at IS NOT NULL AND NEW.done_at IS NOT OLD.done_at)
BEGIN
    SELECT RAISE(ABORT, 'oidc.attempt_fixed: an attempt is claimed, proven and finished once each');
END
