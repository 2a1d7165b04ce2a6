-- Roles, their confirmations and ends, and what happened at the door are only ever added.
CREATE TRIGGER membership_role_no_update BEFORE UPDATE ON membership_role
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: UPDATE on membership_role is refused; add a row instead');
END
-- next
CREATE TRIGGER membership_role_no_delete BEFORE DELETE ON membership_role
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: DELETE on membership_role is refused; add a row instead');
END
-- next
CREATE TRIGGER membership_role_no_replace BEFORE INSERT ON membership_role
WHEN EXISTS (SELECT 1 FROM membership_role WHERE grant_id = NEW.grant_id)
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: REPLACE on membership_role is refused');
END
-- next
CREATE TRIGGER membership_role_confirmation_no_update BEFORE UPDATE ON membership_role_confirmation
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: UPDATE on membership_role_confirmation is refused; add a row instead');
END
-- next
CREATE TRIGGER membership_role_confirmation_no_delete BEFORE DELETE ON membership_role_confirmation
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: DELETE on membership_role_confirmation is refused; add a row instead');
END
-- next
CREATE TRIGGER membership_role_confirmation_no_replace BEFORE INSERT ON membership_role_confirmation
WHEN EXISTS (SELECT 1 FROM membership_role_confirmation WHERE grant_id = NEW.grant_id)
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: REPLACE on membership_role_confirmation is refused');
END
-- next
CREATE TRIGGER membership_role_end_no_update BEFORE UPDATE ON membership_role_end
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: UPDATE on membership_role_end is refused; add a row instead');
END
-- next
CREATE TRIGGER membership_role_end_no_delete BEFORE DELETE ON membership_role_end
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: DELETE on membership_role_end is refused; add a row instead');
END
-- next
CREATE TRIGGER membership_role_end_no_replace BEFORE INSERT ON membership_role_end
WHEN EXISTS (SELECT 1 FROM membership_role_end WHERE grant_id = NEW.grant_id)
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: REPLACE on membership_role_end is refused');
END
-- next
CREATE TRIGGER access_event_no_update BEFORE UPDATE ON access_event
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: UPDATE on access_event is refused; add a row instead');
END
-- next
CREATE TRIGGER access_event_no_delete BEFORE DELETE ON access_event
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: DELETE on access_event is refused; add a row instead');
END
-- next
CREATE TRIGGER access_event_no_replace BEFORE INSERT ON access_event
WHEN EXISTS (SELECT 1 FROM access_event WHERE event_id = NEW.event_id)
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: REPLACE on access_event is refused');
END
-- next
CREATE TRIGGER legal_entity_no_update BEFORE UPDATE ON legal_entity
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: UPDATE on legal_entity is refused; add a row instead');
END
-- next
CREATE TRIGGER legal_entity_no_delete BEFORE DELETE ON legal_entity
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: DELETE on legal_entity is refused; add a row instead');
END
-- next
CREATE TRIGGER legal_entity_no_replace BEFORE INSERT ON legal_entity
WHEN EXISTS (SELECT 1 FROM legal_entity WHERE entity_id = NEW.entity_id OR (organisation_id = NEW.organisation_id AND credit_code = NEW.credit_code))
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: REPLACE on legal_entity is refused');
END
-- next
CREATE TRIGGER legal_entity_book_no_update BEFORE UPDATE ON legal_entity_book
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: UPDATE on legal_entity_book is refused; add a row instead');
END
-- next
CREATE TRIGGER legal_entity_book_no_delete BEFORE DELETE ON legal_entity_book
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: DELETE on legal_entity_book is refused; add a row instead');
END
-- next
CREATE TRIGGER legal_entity_book_no_replace BEFORE INSERT ON legal_entity_book
WHEN EXISTS (SELECT 1 FROM legal_entity_book WHERE book_id = NEW.book_id)
BEGIN
    SELECT RAISE(ABORT, 'access.append_only: REPLACE on legal_entity_book is refused');
END
-- next
-- Two persons: who confirms a role is neither who gave it nor who gets it, and says the digest of what was given.
CREATE TRIGGER membership_role_confirmation_second_person BEFORE INSERT ON membership_role_confirmation
WHEN NOT EXISTS (
    SELECT 1 FROM membership_role g
    JOIN user_account mine ON mine.user_id = NEW.confirmed_by
    JOIN user_account receiver ON receiver.user_id = g.user_id
    LEFT JOIN user_account granter ON granter.user_id = g.granted_by
    WHERE g.grant_id = NEW.grant_id AND g.organisation_id = NEW.organisation_id AND g.sha256 = NEW.sha256
      AND g.needs_confirmation = 1 AND mine.person_id <> receiver.person_id
      AND (granter.person_id IS NULL OR mine.person_id <> granter.person_id)
)
BEGIN
    SELECT RAISE(ABORT, 'role.second_person: a role is confirmed by a person who neither gives nor gets it, over its digest');
END
-- next
-- A session ends for good and is never handed to another person; only its last use and its end change.
CREATE TRIGGER access_session_fixed BEFORE UPDATE ON access_session
WHEN (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at)
    OR NEW.session_id IS NOT OLD.session_id OR NEW.token_sha256 IS NOT OLD.token_sha256
    OR NEW.organisation_id IS NOT OLD.organisation_id OR NEW.user_id IS NOT OLD.user_id OR NEW.created_at IS NOT OLD.created_at
    OR NEW.idle_s IS NOT OLD.idle_s OR NEW.expires_at IS NOT OLD.expires_at
    OR NEW.is_approving_allowed IS NOT OLD.is_approving_allowed
BEGIN
    SELECT RAISE(ABORT, 'session.fixed: only the last use and the end of a session change');
END
