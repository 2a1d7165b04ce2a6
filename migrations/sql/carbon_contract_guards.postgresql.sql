-- Facts are only ever added: no UPDATE, no DELETE, no TRUNCATE.
CREATE FUNCTION tonne_refuse_contract_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'contract.append_only: % on % is refused; add a row instead', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
-- next
CREATE TRIGGER carbon_contract_append_only BEFORE UPDATE OR DELETE ON carbon_contract
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_contract_change()
-- next
CREATE TRIGGER carbon_contract_no_truncate BEFORE TRUNCATE ON carbon_contract
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_contract_change()
-- next
CREATE TRIGGER carbon_contract_version_append_only BEFORE UPDATE OR DELETE ON carbon_contract_version
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_contract_change()
-- next
CREATE TRIGGER carbon_contract_version_no_truncate BEFORE TRUNCATE ON carbon_contract_version
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_contract_change()
-- next
CREATE TRIGGER carbon_contract_decision_append_only BEFORE UPDATE OR DELETE ON carbon_contract_decision
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_contract_change()
-- next
CREATE TRIGGER carbon_contract_decision_no_truncate BEFORE TRUNCATE ON carbon_contract_decision
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_contract_change()
-- next
CREATE TRIGGER carbon_contract_event_append_only BEFORE UPDATE OR DELETE ON carbon_contract_event
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_contract_change()
-- next
CREATE TRIGGER carbon_contract_event_no_truncate BEFORE TRUNCATE ON carbon_contract_event
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_contract_change()
