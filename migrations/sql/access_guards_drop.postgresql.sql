-- Functions outlive the tables whose triggers called them.
DROP FUNCTION tonne_guard_role_confirmation
-- next
DROP FUNCTION tonne_guard_session
