-- The table outlives this version.
DROP TRIGGER signing_key_history
