-- What happened to a label is only ever added; a correction is a later row.
CREATE TRIGGER label_event_no_update BEFORE UPDATE ON label_event
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on label_event is refused; add a row instead');
END
-- next
CREATE TRIGGER label_event_no_delete BEFORE DELETE ON label_event
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on label_event is refused; add a row instead');
END
-- next
CREATE TRIGGER label_event_no_replace BEFORE INSERT ON label_event
WHEN EXISTS (SELECT 1 FROM label_event WHERE event_id = NEW.event_id)
    OR EXISTS (SELECT 1 FROM label_event WHERE facility_id = NEW.facility_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on label_event is refused');
END
-- next
CREATE TRIGGER checklist_waiver_no_update BEFORE UPDATE ON checklist_waiver
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on checklist_waiver is refused; add a row instead');
END
-- next
CREATE TRIGGER checklist_waiver_no_delete BEFORE DELETE ON checklist_waiver
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on checklist_waiver is refused; add a row instead');
END
-- next
CREATE TRIGGER checklist_waiver_no_replace BEFORE INSERT ON checklist_waiver
WHEN EXISTS (SELECT 1 FROM checklist_waiver WHERE facility_id = NEW.facility_id AND terms_version = NEW.terms_version AND rule_id = NEW.rule_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on checklist_waiver is refused');
END
