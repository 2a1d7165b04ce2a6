-- How a proposal ended is only ever added, and a policy is either approved or ended.
CREATE TRIGGER accounting_policy_end_no_update BEFORE UPDATE ON accounting_policy_end
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: UPDATE on accounting_policy_end is refused; add a row instead');
END
-- next
CREATE TRIGGER accounting_policy_end_no_delete BEFORE DELETE ON accounting_policy_end
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: DELETE on accounting_policy_end is refused; add a row instead');
END
-- next
CREATE TRIGGER accounting_policy_end_no_replace BEFORE INSERT ON accounting_policy_end
WHEN EXISTS (SELECT 1 FROM accounting_policy_end WHERE book_id = NEW.book_id AND policy_id = NEW.policy_id)
BEGIN
    SELECT RAISE(ABORT, 'accounting.append_only: REPLACE on accounting_policy_end is refused');
END
-- next
CREATE TRIGGER accounting_policy_end_unapproved BEFORE INSERT ON accounting_policy_end
WHEN EXISTS (SELECT 1 FROM accounting_policy_approval WHERE book_id = NEW.book_id AND policy_id = NEW.policy_id)
BEGIN
    SELECT RAISE(ABORT, 'accounting.decided: an approved policy does not end; a later one replaces it');
END
-- next
CREATE TRIGGER accounting_policy_approval_unended BEFORE INSERT ON accounting_policy_approval
WHEN EXISTS (SELECT 1 FROM accounting_policy_end WHERE book_id = NEW.book_id AND policy_id = NEW.policy_id)
BEGIN
    SELECT RAISE(ABORT, 'accounting.decided: a policy that ended is not approved any more');
END
