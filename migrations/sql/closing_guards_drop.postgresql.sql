-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER accounting_policy_append_only ON accounting_policy
-- next
DROP TRIGGER accounting_policy_no_truncate ON accounting_policy
-- next
DROP TRIGGER accounting_policy_approval_append_only ON accounting_policy_approval
-- next
DROP TRIGGER accounting_policy_approval_no_truncate ON accounting_policy_approval
-- next
DROP TRIGGER voucher_append_only ON voucher
-- next
DROP TRIGGER voucher_no_truncate ON voucher
-- next
DROP TRIGGER voucher_line_append_only ON voucher_line
-- next
DROP TRIGGER voucher_line_no_truncate ON voucher_line
-- next
DROP TRIGGER voucher_review_append_only ON voucher_review
-- next
DROP TRIGGER voucher_review_no_truncate ON voucher_review
-- next
DROP TRIGGER close_step_append_only ON close_step
-- next
DROP TRIGGER close_step_no_truncate ON close_step
-- next
DROP TRIGGER economic_book_append_only ON economic_book
-- next
DROP TRIGGER economic_book_no_truncate ON economic_book
-- next
DROP TRIGGER economic_run_append_only ON economic_run
-- next
DROP TRIGGER economic_run_no_truncate ON economic_run
-- next
DROP TRIGGER day_close_append_only ON day_close
-- next
DROP TRIGGER day_close_no_truncate ON day_close
-- next
DROP TRIGGER loan_charge_booking_append_only ON loan_charge_booking
-- next
DROP TRIGGER loan_charge_booking_no_truncate ON loan_charge_booking
-- next
DROP TRIGGER voucher_dense ON voucher
-- next
DROP FUNCTION tonne_dense_voucher()
-- next
DROP TRIGGER close_step_dense ON close_step
-- next
DROP FUNCTION tonne_dense_close_step()
-- next
DROP TRIGGER accounting_policy_dense ON accounting_policy
-- next
DROP FUNCTION tonne_dense_accounting_policy()
-- next
DROP TRIGGER voucher_line_place ON voucher_line
-- next
DROP FUNCTION tonne_voucher_line_place()
