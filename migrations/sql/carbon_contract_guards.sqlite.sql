-- Facts are only ever added. The insert guards stop INSERT OR REPLACE, which deletes without firing a delete trigger while a
-- connection's recursive_triggers is off.
CREATE TRIGGER carbon_contract_no_update BEFORE UPDATE ON carbon_contract
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: UPDATE on carbon_contract is refused; add a row instead');
END
-- next
CREATE TRIGGER carbon_contract_no_delete BEFORE DELETE ON carbon_contract
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: DELETE on carbon_contract is refused; add a row instead');
END
-- next
CREATE TRIGGER carbon_contract_no_replace BEFORE INSERT ON carbon_contract
WHEN EXISTS (SELECT 1 FROM carbon_contract WHERE book_id = NEW.book_id AND contract_id = NEW.contract_id)
    OR EXISTS (SELECT 1 FROM carbon_contract WHERE book_id = NEW.book_id AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM carbon_contract WHERE contract_id = NEW.contract_id)
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: REPLACE on carbon_contract is refused');
END
-- next
CREATE TRIGGER carbon_contract_version_no_update BEFORE UPDATE ON carbon_contract_version
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: UPDATE on carbon_contract_version is refused; add a row instead');
END
-- next
CREATE TRIGGER carbon_contract_version_no_delete BEFORE DELETE ON carbon_contract_version
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: DELETE on carbon_contract_version is refused; add a row instead');
END
-- next
CREATE TRIGGER carbon_contract_version_no_replace BEFORE INSERT ON carbon_contract_version
WHEN EXISTS (SELECT 1 FROM carbon_contract_version WHERE book_id = NEW.book_id AND contract_id = NEW.contract_id AND version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: REPLACE on carbon_contract_version is refused');
END
-- next
CREATE TRIGGER carbon_contract_decision_no_update BEFORE UPDATE ON carbon_contract_decision
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: UPDATE on carbon_contract_decision is refused; add a row instead');
END
-- next
CREATE TRIGGER carbon_contract_decision_no_delete BEFORE DELETE ON carbon_contract_decision
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: DELETE on carbon_contract_decision is refused; add a row instead');
END
-- next
CREATE TRIGGER carbon_contract_decision_no_replace BEFORE INSERT ON carbon_contract_decision
WHEN EXISTS (SELECT 1 FROM carbon_contract_decision WHERE book_id = NEW.book_id AND contract_id = NEW.contract_id AND version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: REPLACE on carbon_contract_decision is refused');
END
-- next
CREATE TRIGGER carbon_contract_event_no_update BEFORE UPDATE ON carbon_contract_event
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: UPDATE on carbon_contract_event is refused; add a row instead');
END
-- next
CREATE TRIGGER carbon_contract_event_no_delete BEFORE DELETE ON carbon_contract_event
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: DELETE on carbon_contract_event is refused; add a row instead');
END
-- next
CREATE TRIGGER carbon_contract_event_no_replace BEFORE INSERT ON carbon_contract_event
WHEN EXISTS (SELECT 1 FROM carbon_contract_event WHERE book_id = NEW.book_id AND contract_id = NEW.contract_id AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM carbon_contract_event WHERE book_id = NEW.book_id AND contract_id = NEW.contract_id AND event_key = NEW.event_key)
BEGIN
    SELECT RAISE(ABORT, 'contract.append_only: REPLACE on carbon_contract_event is refused');
END
