-- Policies, vouchers and steps of a close are only ever added; numbers of vouchers, steps and policies have no gaps.
CREATE TRIGGER accounting_policy_append_only BEFORE UPDATE OR DELETE ON accounting_policy
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER accounting_policy_no_truncate BEFORE TRUNCATE ON accounting_policy
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER accounting_policy_approval_append_only BEFORE UPDATE OR DELETE ON accounting_policy_approval
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER accounting_policy_approval_no_truncate BEFORE TRUNCATE ON accounting_policy_approval
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER voucher_append_only BEFORE UPDATE OR DELETE ON voucher
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER voucher_no_truncate BEFORE TRUNCATE ON voucher
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER voucher_line_append_only BEFORE UPDATE OR DELETE ON voucher_line
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER voucher_line_no_truncate BEFORE TRUNCATE ON voucher_line
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER voucher_review_append_only BEFORE UPDATE OR DELETE ON voucher_review
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER voucher_review_no_truncate BEFORE TRUNCATE ON voucher_review
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER close_step_append_only BEFORE UPDATE OR DELETE ON close_step
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER close_step_no_truncate BEFORE TRUNCATE ON close_step
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER economic_book_append_only BEFORE UPDATE OR DELETE ON economic_book
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER economic_book_no_truncate BEFORE TRUNCATE ON economic_book
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER economic_run_append_only BEFORE UPDATE OR DELETE ON economic_run
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER economic_run_no_truncate BEFORE TRUNCATE ON economic_run
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER day_close_append_only BEFORE UPDATE OR DELETE ON day_close
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER day_close_no_truncate BEFORE TRUNCATE ON day_close
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER loan_charge_booking_append_only BEFORE UPDATE OR DELETE ON loan_charge_booking
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER loan_charge_booking_no_truncate BEFORE TRUNCATE ON loan_charge_booking
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE FUNCTION tonne_dense_voucher() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number <> (SELECT COALESCE(max(number), 0) + 1 FROM voucher WHERE book_id = NEW.book_id AND month = NEW.month) THEN
        RAISE EXCEPTION 'accounting.gap: a voucher has the number after the last of its month' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER voucher_dense BEFORE INSERT ON voucher FOR EACH ROW EXECUTE FUNCTION tonne_dense_voucher()
-- next
CREATE FUNCTION tonne_dense_close_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.step_no <> (SELECT COALESCE(max(step_no), 0) + 1 FROM close_step WHERE book_id = NEW.book_id AND month = NEW.month) THEN
        RAISE EXCEPTION 'accounting.gap: a step has the number after the last of its month' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER close_step_dense BEFORE INSERT ON close_step FOR EACH ROW EXECUTE FUNCTION tonne_dense_close_step()
-- next
CREATE FUNCTION tonne_dense_accounting_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <> (SELECT COALESCE(max(version), 0) + 1 FROM accounting_policy WHERE book_id = NEW.book_id) THEN
        RAISE EXCEPTION 'accounting.gap: a policy has the version after the last' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER accounting_policy_dense BEFORE INSERT ON accounting_policy FOR EACH ROW EXECUTE FUNCTION tonne_dense_accounting_policy()
-- next
-- A voucher's lines are those it was made with: none beyond its count, and a place taken stays taken by the primary key.
CREATE FUNCTION tonne_voucher_line_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.line > (SELECT line_count FROM voucher WHERE book_id = NEW.book_id AND month = NEW.month AND number = NEW.number) THEN
        RAISE EXCEPTION 'accounting.append_only: a voucher gets no further lines' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER voucher_line_place BEFORE INSERT ON voucher_line FOR EACH ROW EXECUTE FUNCTION tonne_voucher_line_place()
