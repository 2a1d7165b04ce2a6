-- The table outlives this version, and the function its trigger.
DROP TRIGGER signing_key_history ON signing_key
-- next
DROP FUNCTION tonne_guard_signing_key_history
