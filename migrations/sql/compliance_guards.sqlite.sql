-- What was said and decided about a compliance year is only ever added; a correction is a later row.
CREATE TRIGGER compliance_proposal_no_update BEFORE UPDATE ON compliance_proposal
BEGIN
    SELECT RAISE(ABORT, 'compliance.append_only: UPDATE on compliance_proposal is refused; a correction is a later row');
END
-- next
CREATE TRIGGER compliance_proposal_no_delete BEFORE DELETE ON compliance_proposal
BEGIN
    SELECT RAISE(ABORT, 'compliance.append_only: DELETE on compliance_proposal is refused; a correction is a later row');
END
-- next
CREATE TRIGGER compliance_proposal_no_replace BEFORE INSERT ON compliance_proposal
WHEN EXISTS (SELECT 1 FROM compliance_proposal WHERE proposal_id = NEW.proposal_id)
    OR EXISTS (SELECT 1 FROM compliance_proposal WHERE book_id = NEW.book_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'compliance.append_only: REPLACE on compliance_proposal is refused');
END
-- next
CREATE TRIGGER compliance_decision_no_update BEFORE UPDATE ON compliance_decision
BEGIN
    SELECT RAISE(ABORT, 'compliance.append_only: UPDATE on compliance_decision is refused; a correction is a later row');
END
-- next
CREATE TRIGGER compliance_decision_no_delete BEFORE DELETE ON compliance_decision
BEGIN
    SELECT RAISE(ABORT, 'compliance.append_only: DELETE on compliance_decision is refused; a correction is a later row');
END
-- next
CREATE TRIGGER compliance_decision_no_replace BEFORE INSERT ON compliance_decision
WHEN EXISTS (SELECT 1 FROM compliance_decision WHERE proposal_id = NEW.proposal_id)
BEGIN
    SELECT RAISE(ABORT, 'compliance.append_only: REPLACE on compliance_decision is refused');
END
-- next
CREATE TRIGGER compliance_entry_no_update BEFORE UPDATE ON compliance_entry
BEGIN
    SELECT RAISE(ABORT, 'compliance.append_only: UPDATE on compliance_entry is refused; a correction is a later row');
END
-- next
CREATE TRIGGER compliance_entry_no_delete BEFORE DELETE ON compliance_entry
BEGIN
    SELECT RAISE(ABORT, 'compliance.append_only: DELETE on compliance_entry is refused; a correction is a later row');
END
-- next
CREATE TRIGGER compliance_entry_no_replace BEFORE INSERT ON compliance_entry
WHEN EXISTS (SELECT 1 FROM compliance_entry WHERE book_id = NEW.book_id AND entry_id = NEW.entry_id)
    OR EXISTS (SELECT 1 FROM compliance_entry WHERE book_id = NEW.book_id AND entry_seq = NEW.entry_seq)
    OR EXISTS (SELECT 1 FROM compliance_entry WHERE proposal_id = NEW.proposal_id AND line = NEW.line)
BEGIN
    SELECT RAISE(ABORT, 'compliance.append_only: REPLACE on compliance_entry is refused');
END
