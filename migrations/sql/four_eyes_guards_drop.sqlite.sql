-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER four_eyes_rule_no_update
-- next
DROP TRIGGER four_eyes_rule_no_delete
-- next
DROP TRIGGER four_eyes_rule_no_replace
-- next
DROP TRIGGER request_proposal_no_update
-- next
DROP TRIGGER request_proposal_no_delete
-- next
DROP TRIGGER request_proposal_no_replace
-- next
DROP TRIGGER request_decision_no_update
-- next
DROP TRIGGER request_decision_no_delete
-- next
DROP TRIGGER request_decision_no_replace
-- next
DROP TRIGGER done_alone_no_update
-- next
DROP TRIGGER done_alone_no_delete
-- next
DROP TRIGGER done_alone_no_replace
-- next
DROP TRIGGER audit_row_no_update
-- next
DROP TRIGGER audit_row_no_delete
-- next
DROP TRIGGER audit_row_no_replace
-- next
DROP TRIGGER four_eyes_rule_in_order
-- next
DROP TRIGGER request_decision_in_time
-- next
DROP TRIGGER audit_head_grows
-- next
DROP TRIGGER audit_head_no_delete
-- next
DROP TRIGGER audit_head_no_replace
