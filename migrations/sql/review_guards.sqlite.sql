-- What was said about a period or a proposal is only ever added; who changes their mind says so in a later row.
CREATE TRIGGER loan_review_no_update BEFORE UPDATE ON loan_review
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on loan_review is refused; add a row instead');
END
-- next
CREATE TRIGGER loan_review_no_delete BEFORE DELETE ON loan_review
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on loan_review is refused; add a row instead');
END
-- next
CREATE TRIGGER loan_review_no_replace BEFORE INSERT ON loan_review
WHEN EXISTS (SELECT 1 FROM loan_review WHERE review_id = NEW.review_id)
    OR EXISTS (SELECT 1 FROM loan_review WHERE facility_id = NEW.facility_id AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM loan_review WHERE answers_id = NEW.answers_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on loan_review is refused');
END
