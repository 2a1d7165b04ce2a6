-- The table goes next; its guards first, so that no name is left behind.
DROP TRIGGER accounting_policy_approval_unended
-- next
DROP TRIGGER accounting_policy_end_unapproved
-- next
DROP TRIGGER accounting_policy_end_no_update
-- next
DROP TRIGGER accounting_policy_end_no_delete
-- next
DROP TRIGGER accounting_policy_end_no_replace
