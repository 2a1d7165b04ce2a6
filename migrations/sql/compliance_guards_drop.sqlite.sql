-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER compliance_proposal_no_update
-- next
DROP TRIGGER compliance_proposal_no_delete
-- next
DROP TRIGGER compliance_proposal_no_replace
-- next
DROP TRIGGER compliance_decision_no_update
-- next
DROP TRIGGER compliance_decision_no_delete
-- next
DROP TRIGGER compliance_decision_no_replace
-- next
DROP TRIGGER compliance_entry_no_update
-- next
DROP TRIGGER compliance_entry_no_delete
-- next
DROP TRIGGER compliance_entry_no_replace
