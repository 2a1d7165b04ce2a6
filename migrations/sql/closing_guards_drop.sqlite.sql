-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER accounting_policy_no_update
-- next
DROP TRIGGER accounting_policy_no_delete
-- next
DROP TRIGGER accounting_policy_no_replace
-- next
DROP TRIGGER accounting_policy_approval_no_update
-- next
DROP TRIGGER accounting_policy_approval_no_delete
-- next
DROP TRIGGER accounting_policy_approval_no_replace
-- next
DROP TRIGGER voucher_no_update
-- next
DROP TRIGGER voucher_no_delete
-- next
DROP TRIGGER voucher_no_replace
-- next
DROP TRIGGER voucher_line_no_update
-- next
DROP TRIGGER voucher_line_no_delete
-- next
DROP TRIGGER voucher_line_no_replace
-- next
DROP TRIGGER voucher_review_no_update
-- next
DROP TRIGGER voucher_review_no_delete
-- next
DROP TRIGGER voucher_review_no_replace
-- next
DROP TRIGGER close_step_no_update
-- next
DROP TRIGGER close_step_no_delete
-- next
DROP TRIGGER close_step_no_replace
-- next
DROP TRIGGER economic_book_no_update
-- next
DROP TRIGGER economic_book_no_delete
-- next
DROP TRIGGER economic_book_no_replace
-- next
DROP TRIGGER economic_run_no_update
-- next
DROP TRIGGER economic_run_no_delete
-- next
DROP TRIGGER economic_run_no_replace
-- next
DROP TRIGGER day_close_no_update
-- next
DROP TRIGGER day_close_no_delete
-- next
DROP TRIGGER day_close_no_replace
-- next
DROP TRIGGER loan_charge_booking_no_update
-- next
DROP TRIGGER loan_charge_booking_no_delete
-- next
DROP TRIGGER loan_charge_booking_no_replace
-- next
DROP TRIGGER voucher_dense
-- next
DROP TRIGGER close_step_dense
-- next
DROP TRIGGER accounting_policy_dense
-- next
DROP TRIGGER voucher_line_place
