-- Facts are only ever added; versions have no gaps; an approval is in time; an audit log only grows.
CREATE TRIGGER four_eyes_rule_no_update BEFORE UPDATE ON four_eyes_rule
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: UPDATE on four_eyes_rule is refused; add a row instead');
END
-- next
CREATE TRIGGER four_eyes_rule_no_delete BEFORE DELETE ON four_eyes_rule
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: DELETE on four_eyes_rule is refused; add a row instead');
END
-- next
CREATE TRIGGER four_eyes_rule_no_replace BEFORE INSERT ON four_eyes_rule
WHEN EXISTS (SELECT 1 FROM four_eyes_rule WHERE organisation_id = NEW.organisation_id AND action = NEW.action AND version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: REPLACE on four_eyes_rule is refused');
END
-- next
CREATE TRIGGER request_proposal_no_update BEFORE UPDATE ON request_proposal
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: UPDATE on request_proposal is refused; add a row instead');
END
-- next
CREATE TRIGGER request_proposal_no_delete BEFORE DELETE ON request_proposal
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: DELETE on request_proposal is refused; add a row instead');
END
-- next
CREATE TRIGGER request_proposal_no_replace BEFORE INSERT ON request_proposal
WHEN EXISTS (SELECT 1 FROM request_proposal WHERE organisation_id = NEW.organisation_id AND proposal_id = NEW.proposal_id)
    OR EXISTS (SELECT 1 FROM request_proposal WHERE organisation_id = NEW.organisation_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: REPLACE on request_proposal is refused');
END
-- next
CREATE TRIGGER request_decision_no_update BEFORE UPDATE ON request_decision
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: UPDATE on request_decision is refused; add a row instead');
END
-- next
CREATE TRIGGER request_decision_no_delete BEFORE DELETE ON request_decision
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: DELETE on request_decision is refused; add a row instead');
END
-- next
CREATE TRIGGER request_decision_no_replace BEFORE INSERT ON request_decision
WHEN EXISTS (SELECT 1 FROM request_decision WHERE organisation_id = NEW.organisation_id AND proposal_id = NEW.proposal_id)
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: REPLACE on request_decision is refused');
END
-- next
CREATE TRIGGER done_alone_no_update BEFORE UPDATE ON done_alone
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: UPDATE on done_alone is refused; add a row instead');
END
-- next
CREATE TRIGGER done_alone_no_delete BEFORE DELETE ON done_alone
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: DELETE on done_alone is refused; add a row instead');
END
-- next
CREATE TRIGGER done_alone_no_replace BEFORE INSERT ON done_alone
WHEN EXISTS (SELECT 1 FROM done_alone WHERE organisation_id = NEW.organisation_id AND done_id = NEW.done_id)
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: REPLACE on done_alone is refused');
END
-- next
CREATE TRIGGER audit_row_no_update BEFORE UPDATE ON audit_row
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: UPDATE on audit_row is refused; add a row instead');
END
-- next
CREATE TRIGGER audit_row_no_delete BEFORE DELETE ON audit_row
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: DELETE on audit_row is refused; add a row instead');
END
-- next
CREATE TRIGGER audit_row_no_replace BEFORE INSERT ON audit_row
WHEN EXISTS (SELECT 1 FROM audit_row WHERE organisation_id = NEW.organisation_id AND seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM audit_row WHERE organisation_id = NEW.organisation_id AND request_id = NEW.request_id)
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.append_only: REPLACE on audit_row is refused');
END
-- next
CREATE TRIGGER four_eyes_rule_in_order BEFORE INSERT ON four_eyes_rule
WHEN NEW.version <> 1 + (SELECT count(*) FROM four_eyes_rule WHERE organisation_id = NEW.organisation_id AND action = NEW.action)
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.version: version of four_eyes_rule follows without a gap from 1');
END
-- next
CREATE TRIGGER request_decision_in_time BEFORE INSERT ON request_decision
WHEN NEW.verdict = 'approved' AND NOT EXISTS (
    SELECT 1 FROM request_proposal p
    WHERE p.organisation_id = NEW.organisation_id AND p.proposal_id = NEW.proposal_id
      AND NEW.decided_at >= p.proposed_at AND NEW.decided_at < p.expires_at
)
BEGIN
    SELECT RAISE(ABORT, 'four_eyes.expired: a proposal is approved before it expires');
END
-- next
CREATE TRIGGER audit_head_grows BEFORE UPDATE ON audit_head
WHEN NEW.size < OLD.size OR NEW.organisation_id <> OLD.organisation_id
BEGIN
    SELECT RAISE(ABORT, 'audit.append_only: the head of an audit log only grows');
END
-- next
CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
BEGIN
    SELECT RAISE(ABORT, 'audit.append_only: DELETE on audit_head is refused');
END
-- next
CREATE TRIGGER audit_head_no_replace BEFORE INSERT ON audit_head
WHEN EXISTS (SELECT 1 FROM audit_head WHERE organisation_id = NEW.organisation_id AND size > 0)
BEGIN
    SELECT RAISE(ABORT, 'audit.append_only: REPLACE on audit_head is refused');
END
