-- What happened to a loan is only ever added; a correction is a later row.
CREATE TRIGGER principal_event_no_update BEFORE UPDATE ON principal_event
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on principal_event is refused; add a row instead');
END
-- next
CREATE TRIGGER principal_event_no_delete BEFORE DELETE ON principal_event
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on principal_event is refused; add a row instead');
END
-- next
CREATE TRIGGER principal_event_no_replace BEFORE INSERT ON principal_event
WHEN EXISTS (SELECT 1 FROM principal_event WHERE event_id = NEW.event_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on principal_event is refused');
END
-- next
CREATE TRIGGER grade_notice_no_update BEFORE UPDATE ON grade_notice
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on grade_notice is refused; add a row instead');
END
-- next
CREATE TRIGGER grade_notice_no_delete BEFORE DELETE ON grade_notice
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on grade_notice is refused; add a row instead');
END
-- next
CREATE TRIGGER grade_notice_no_replace BEFORE INSERT ON grade_notice
WHEN EXISTS (SELECT 1 FROM grade_notice WHERE notice_id = NEW.notice_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on grade_notice is refused');
END
-- next
CREATE TRIGGER index_fixing_no_update BEFORE UPDATE ON index_fixing
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on index_fixing is refused; add a row instead');
END
-- next
CREATE TRIGGER index_fixing_no_delete BEFORE DELETE ON index_fixing
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on index_fixing is refused; add a row instead');
END
-- next
CREATE TRIGGER index_fixing_no_replace BEFORE INSERT ON index_fixing
WHEN EXISTS (SELECT 1 FROM index_fixing WHERE organisation_id = NEW.organisation_id AND index_name = NEW.index_name AND fixed_on = NEW.fixed_on AND revision = NEW.revision)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on index_fixing is refused');
END
-- next
CREATE TRIGGER interest_adjustment_no_update BEFORE UPDATE ON interest_adjustment
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on interest_adjustment is refused; add a row instead');
END
-- next
CREATE TRIGGER interest_adjustment_no_delete BEFORE DELETE ON interest_adjustment
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on interest_adjustment is refused; add a row instead');
END
-- next
CREATE TRIGGER interest_adjustment_no_replace BEFORE INSERT ON interest_adjustment
WHEN EXISTS (SELECT 1 FROM interest_adjustment WHERE adjustment_id = NEW.adjustment_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on interest_adjustment is refused');
END
-- next
CREATE TRIGGER adjustment_approval_no_update BEFORE UPDATE ON adjustment_approval
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on adjustment_approval is refused; add a row instead');
END
-- next
CREATE TRIGGER adjustment_approval_no_delete BEFORE DELETE ON adjustment_approval
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on adjustment_approval is refused; add a row instead');
END
-- next
CREATE TRIGGER adjustment_approval_no_replace BEFORE INSERT ON adjustment_approval
WHEN EXISTS (SELECT 1 FROM adjustment_approval WHERE adjustment_id = NEW.adjustment_id AND side = NEW.side)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on adjustment_approval is refused');
END
-- next
CREATE TRIGGER interest_booking_no_update BEFORE UPDATE ON interest_booking
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on interest_booking is refused; add a row instead');
END
-- next
CREATE TRIGGER interest_booking_no_delete BEFORE DELETE ON interest_booking
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on interest_booking is refused; add a row instead');
END
-- next
CREATE TRIGGER interest_booking_no_replace BEFORE INSERT ON interest_booking
WHEN EXISTS (SELECT 1 FROM interest_booking WHERE facility_id = NEW.facility_id AND tranche_id = NEW.tranche_id AND period_start = NEW.period_start AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM interest_booking WHERE book_id = NEW.book_id AND entry_id = NEW.entry_id AND period_start = NEW.period_start)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on interest_booking is refused');
END
