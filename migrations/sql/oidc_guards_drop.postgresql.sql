-- Functions outlive the tables whose triggers called them.
DROP FUNCTION tonne_guard_oidc_confirmation
-- next
DROP FUNCTION tonne_guard_oidc_attempt
