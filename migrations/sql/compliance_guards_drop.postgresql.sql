-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER compliance_proposal_append_only ON compliance_proposal
-- next
DROP TRIGGER compliance_proposal_no_truncate ON compliance_proposal
-- next
DROP TRIGGER compliance_decision_append_only ON compliance_decision
-- next
DROP TRIGGER compliance_decision_no_truncate ON compliance_decision
-- next
DROP TRIGGER compliance_entry_append_only ON compliance_entry
-- next
DROP TRIGGER compliance_entry_no_truncate ON compliance_entry
