-- How a proposal ended is only ever added, and a policy is either approved or ended: who decides holds the policy's own lock.
CREATE TRIGGER accounting_policy_end_append_only BEFORE UPDATE OR DELETE ON accounting_policy_end
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER accounting_policy_end_no_truncate BEFORE TRUNCATE ON accounting_policy_end
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE FUNCTION tonne_policy_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('accounting_policy ' || NEW.policy_id::text, 0));
    IF TG_TABLE_NAME = 'accounting_policy_end'
        AND EXISTS (SELECT 1 FROM accounting_policy_approval WHERE book_id = NEW.book_id AND policy_id = NEW.policy_id) THEN
        RAISE EXCEPTION 'accounting.decided: an approved policy does not end; a later one replaces it' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_TABLE_NAME = 'accounting_policy_approval'
        AND EXISTS (SELECT 1 FROM accounting_policy_end WHERE book_id = NEW.book_id AND policy_id = NEW.policy_id) THEN
        RAISE EXCEPTION 'accounting.decided: a policy that ended is not approved any more' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER accounting_policy_end_unapproved BEFORE INSERT ON accounting_policy_end
FOR EACH ROW EXECUTE FUNCTION tonne_policy_decided_once()
-- next
CREATE TRIGGER accounting_policy_approval_unended BEFORE INSERT ON accounting_policy_approval
FOR EACH ROW EXECUTE FUNCTION tonne_policy_decided_once()
