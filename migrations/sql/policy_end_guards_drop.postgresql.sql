-- The table goes next; its guards first, so that no name is left behind.
DROP TRIGGER accounting_policy_approval_unended ON accounting_policy_approval
-- next
DROP TRIGGER accounting_policy_end_unapproved ON accounting_policy_end
-- next
DROP FUNCTION tonne_policy_decided_once()
-- next
DROP TRIGGER accounting_policy_end_append_only ON accounting_policy_end
-- next
DROP TRIGGER accounting_policy_end_no_truncate ON accounting_policy_end
