DROP TRIGGER carbon_contract_append_only ON carbon_contract
-- next
DROP TRIGGER carbon_contract_no_truncate ON carbon_contract
-- next
DROP TRIGGER carbon_contract_version_append_only ON carbon_contract_version
-- next
DROP TRIGGER carbon_contract_version_no_truncate ON carbon_contract_version
-- next
DROP TRIGGER carbon_contract_decision_append_only ON carbon_contract_decision
-- next
DROP TRIGGER carbon_contract_decision_no_truncate ON carbon_contract_decision
-- next
DROP TRIGGER carbon_contract_event_append_only ON carbon_contract_event
-- next
DROP TRIGGER carbon_contract_event_no_truncate ON carbon_contract_event
-- next
DROP FUNCTION tonne_refuse_contract_change
