-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER four_eyes_rule_append_only ON four_eyes_rule
-- next
DROP TRIGGER four_eyes_rule_no_truncate ON four_eyes_rule
-- next
DROP TRIGGER request_proposal_append_only ON request_proposal
-- next
DROP TRIGGER request_proposal_no_truncate ON request_proposal
-- next
DROP TRIGGER request_decision_append_only ON request_decision
-- next
DROP TRIGGER request_decision_no_truncate ON request_decision
-- next
DROP TRIGGER done_alone_append_only ON done_alone
-- next
DROP TRIGGER done_alone_no_truncate ON done_alone
-- next
DROP TRIGGER audit_row_append_only ON audit_row
-- next
DROP TRIGGER audit_row_no_truncate ON audit_row
-- next
DROP TRIGGER four_eyes_rule_in_order ON four_eyes_rule
-- next
DROP FUNCTION tonne_four_eyes_rule_in_order()
-- next
DROP TRIGGER request_decision_in_time ON request_decision
-- next
DROP FUNCTION tonne_request_decision_in_time()
-- next
DROP TRIGGER audit_head_grows ON audit_head
-- next
DROP FUNCTION tonne_audit_head_grows()
-- next
DROP TRIGGER audit_head_no_truncate ON audit_head
