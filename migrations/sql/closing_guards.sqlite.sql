-- Policies, vouchers and steps of a close are only ever added; numbers of vouchers, steps and policies have no gaps.
CREATE TRIGGER accounting_policy_no_update BEFORE UPDATE ON accounting_policy
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: UPDATE on accounting_policy is refused; add a row instead');
END
-- next
CREATE TRIGGER accounting_policy_no_delete BEFORE DELETE ON accounting_policy
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: DELETE on accounting_policy is refused; add a row instead');
END
-- next
CREATE TRIGGER accounting_policy_no_replace BEFORE INSERT ON accounting_policy
WHEN EXISTS (SELECT 1 FROM accounting_policy WHERE book_id = NEW.book_id AND version = NEW.version)
    OR EXISTS (SELECT 1 FROM accounting_policy WHERE policy_id = NEW.policy_id)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: REPLACE on accounting_policy is refused');
END
-- next
CREATE TRIGGER accounting_policy_approval_no_update BEFORE UPDATE ON accounting_policy_approval
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: UPDATE on accounting_policy_approval is refused; add a row instead');
END
-- next
CREATE TRIGGER accounting_policy_approval_no_delete BEFORE DELETE ON accounting_policy_approval
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: DELETE on accounting_policy_approval is refused; add a row instead');
END
-- next
CREATE TRIGGER accounting_policy_approval_no_replace BEFORE INSERT ON accounting_policy_approval
WHEN EXISTS (SELECT 1 FROM accounting_policy_approval WHERE book_id = NEW.book_id AND policy_id = NEW.policy_id)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: REPLACE on accounting_policy_approval is refused');
END
-- next
CREATE TRIGGER voucher_no_update BEFORE UPDATE ON voucher
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: UPDATE on voucher is refused; add a row instead');
END
-- next
CREATE TRIGGER voucher_no_delete BEFORE DELETE ON voucher
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: DELETE on voucher is refused; add a row instead');
END
-- next
CREATE TRIGGER voucher_no_replace BEFORE INSERT ON voucher
WHEN EXISTS (SELECT 1 FROM voucher WHERE book_id = NEW.book_id AND month = NEW.month AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM voucher WHERE book_id = NEW.book_id AND entry_seq = NEW.entry_seq)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: REPLACE on voucher is refused');
END
-- next
CREATE TRIGGER voucher_line_no_update BEFORE UPDATE ON voucher_line
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: UPDATE on voucher_line is refused; add a row instead');
END
-- next
CREATE TRIGGER voucher_line_no_delete BEFORE DELETE ON voucher_line
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: DELETE on voucher_line is refused; add a row instead');
END
-- next
CREATE TRIGGER voucher_line_no_replace BEFORE INSERT ON voucher_line
WHEN EXISTS (SELECT 1 FROM voucher_line WHERE book_id = NEW.book_id AND month = NEW.month AND number = NEW.number AND line = NEW.line)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: REPLACE on voucher_line is refused');
END
-- next
CREATE TRIGGER voucher_review_no_update BEFORE UPDATE ON voucher_review
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: UPDATE on voucher_review is refused; add a row instead');
END
-- next
CREATE TRIGGER voucher_review_no_delete BEFORE DELETE ON voucher_review
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: DELETE on voucher_review is refused; add a row instead');
END
-- next
CREATE TRIGGER voucher_review_no_replace BEFORE INSERT ON voucher_review
WHEN EXISTS (SELECT 1 FROM voucher_review WHERE book_id = NEW.book_id AND month = NEW.month AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: REPLACE on voucher_review is refused');
END
-- next
CREATE TRIGGER close_step_no_update BEFORE UPDATE ON close_step
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: UPDATE on close_step is refused; add a row instead');
END
-- next
CREATE TRIGGER close_step_no_delete BEFORE DELETE ON close_step
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: DELETE on close_step is refused; add a row instead');
END
-- next
CREATE TRIGGER close_step_no_replace BEFORE INSERT ON close_step
WHEN EXISTS (SELECT 1 FROM close_step WHERE book_id = NEW.book_id AND month = NEW.month AND step_no = NEW.step_no)
    OR EXISTS (SELECT 1 FROM close_step WHERE book_id = NEW.book_id AND month = NEW.month AND answers_no = NEW.answers_no)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: REPLACE on close_step is refused');
END
-- next
CREATE TRIGGER economic_book_no_update BEFORE UPDATE ON economic_book
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: UPDATE on economic_book is refused; add a row instead');
END
-- next
CREATE TRIGGER economic_book_no_delete BEFORE DELETE ON economic_book
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: DELETE on economic_book is refused; add a row instead');
END
-- next
CREATE TRIGGER economic_book_no_replace BEFORE INSERT ON economic_book
WHEN EXISTS (SELECT 1 FROM economic_book WHERE book_id = NEW.book_id)
    OR EXISTS (SELECT 1 FROM economic_book WHERE economic_book_id = NEW.economic_book_id)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: REPLACE on economic_book is refused');
END
-- next
CREATE TRIGGER economic_run_no_update BEFORE UPDATE ON economic_run
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: UPDATE on economic_run is refused; add a row instead');
END
-- next
CREATE TRIGGER economic_run_no_delete BEFORE DELETE ON economic_run
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: DELETE on economic_run is refused; add a row instead');
END
-- next
CREATE TRIGGER economic_run_no_replace BEFORE INSERT ON economic_run
WHEN EXISTS (SELECT 1 FROM economic_run WHERE book_id = NEW.book_id AND what = NEW.what AND run_no = NEW.run_no)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: REPLACE on economic_run is refused');
END
-- next
CREATE TRIGGER day_close_no_update BEFORE UPDATE ON day_close
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: UPDATE on day_close is refused; add a row instead');
END
-- next
CREATE TRIGGER day_close_no_delete BEFORE DELETE ON day_close
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: DELETE on day_close is refused; add a row instead');
END
-- next
CREATE TRIGGER day_close_no_replace BEFORE INSERT ON day_close
WHEN EXISTS (SELECT 1 FROM day_close WHERE book_id = NEW.book_id AND day = NEW.day AND run_no = NEW.run_no)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: REPLACE on day_close is refused');
END
-- next
CREATE TRIGGER loan_charge_booking_no_update BEFORE UPDATE ON loan_charge_booking
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: UPDATE on loan_charge_booking is refused; add a row instead');
END
-- next
CREATE TRIGGER loan_charge_booking_no_delete BEFORE DELETE ON loan_charge_booking
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: DELETE on loan_charge_booking is refused; add a row instead');
END
-- next
CREATE TRIGGER loan_charge_booking_no_replace BEFORE INSERT ON loan_charge_booking
WHEN EXISTS (SELECT 1 FROM loan_charge_booking WHERE book_id = NEW.book_id AND entry_id = NEW.entry_id)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: REPLACE on loan_charge_booking is refused');
END
-- next
CREATE TRIGGER voucher_dense BEFORE INSERT ON voucher
WHEN NEW.number <> (SELECT COALESCE(max(number), 0) + 1 FROM voucher WHERE book_id = NEW.book_id AND month = NEW.month)
BEGIN
    SELECT RAISE(ABORT, 'accounting.gap: a voucher has the number after the last of its month');
END
-- next
CREATE TRIGGER close_step_dense BEFORE INSERT ON close_step
WHEN NEW.step_no <> (SELECT COALESCE(max(step_no), 0) + 1 FROM close_step WHERE book_id = NEW.book_id AND month = NEW.month)
BEGIN
    SELECT RAISE(ABORT, 'accounting.gap: a step has the number after the last of its month');
END
-- next
CREATE TRIGGER accounting_policy_dense BEFORE INSERT ON accounting_policy
WHEN NEW.version <> (SELECT COALESCE(max(version), 0) + 1 FROM accounting_policy WHERE book_id = NEW.book_id)
BEGIN
    SELECT RAISE(ABORT, 'accounting.gap: a policy has the version after the last');
END
-- next
-- A voucher's lines are those it was made with: none beyond its count, and a place taken stays taken by the primary key.
CREATE TRIGGER voucher_line_place BEFORE INSERT ON voucher_line
WHEN NEW.line > (SELECT line_count FROM voucher WHERE book_id = NEW.book_id AND month = NEW.month AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: a voucher gets no further lines');
END
