-- Facts are only ever added; versions have no gaps; an approval is in time; an audit log only grows.
CREATE TRIGGER four_eyes_rule_append_only BEFORE UPDATE OR DELETE ON four_eyes_rule
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER four_eyes_rule_no_truncate BEFORE TRUNCATE ON four_eyes_rule
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER request_proposal_append_only BEFORE UPDATE OR DELETE ON request_proposal
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER request_proposal_no_truncate BEFORE TRUNCATE ON request_proposal
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER request_decision_append_only BEFORE UPDATE OR DELETE ON request_decision
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER request_decision_no_truncate BEFORE TRUNCATE ON request_decision
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER done_alone_append_only BEFORE UPDATE OR DELETE ON done_alone
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER done_alone_no_truncate BEFORE TRUNCATE ON done_alone
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER audit_row_append_only BEFORE UPDATE OR DELETE ON audit_row
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER audit_row_no_truncate BEFORE TRUNCATE ON audit_row
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE FUNCTION tonne_four_eyes_rule_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <> 1 + (SELECT count(*) FROM four_eyes_rule WHERE organisation_id = NEW.organisation_id AND action = NEW.action) THEN
        RAISE EXCEPTION 'four_eyes.version: version of four_eyes_rule follows without a gap from 1' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END
$$
-- next
CREATE TRIGGER four_eyes_rule_in_order BEFORE INSERT ON four_eyes_rule
FOR EACH ROW EXECUTE FUNCTION tonne_four_eyes_rule_in_order()
-- next
CREATE FUNCTION tonne_request_decision_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.verdict = 'approved' AND NOT EXISTS (
        SELECT 1 FROM request_proposal p
        WHERE p.organisation_id = NEW.organisation_id AND p.proposal_id = NEW.proposal_id
          AND NEW.decided_at >= p.proposed_at AND NEW.decided_at < p.expires_at
    ) THEN
        RAISE EXCEPTION 'four_eyes.expired: a proposal is approved before it expires' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$
-- next
CREATE TRIGGER request_decision_in_time BEFORE INSERT ON request_decision
FOR EACH ROW EXECUTE FUNCTION tonne_request_decision_in_time()
-- next
CREATE FUNCTION tonne_audit_head_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR NEW.size < OLD.size OR NEW.organisation_id <> OLD.organisation_id THEN
        RAISE EXCEPTION 'audit.append_only: the head of an audit log only grows' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$
-- next
CREATE TRIGGER audit_head_grows BEFORE UPDATE OR DELETE ON audit_head
FOR EACH ROW EXECUTE FUNCTION tonne_audit_head_grows()
-- next
CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON audit_head
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
