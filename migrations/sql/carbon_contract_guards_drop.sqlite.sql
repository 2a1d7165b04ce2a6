DROP TRIGGER carbon_contract_no_update
-- next
DROP TRIGGER carbon_contract_no_delete
-- next
DROP TRIGGER carbon_contract_no_replace
-- next
DROP TRIGGER carbon_contract_version_no_update
-- next
DROP TRIGGER carbon_contract_version_no_delete
-- next
DROP TRIGGER carbon_contract_version_no_replace
-- next
DROP TRIGGER carbon_contract_decision_no_update
-- next
DROP TRIGGER carbon_contract_decision_no_delete
-- next
DROP TRIGGER carbon_contract_decision_no_replace
-- next
DROP TRIGGER carbon_contract_event_no_update
-- next
DROP TRIGGER carbon_contract_event_no_delete
-- next
DROP TRIGGER carbon_contract_event_no_replace
