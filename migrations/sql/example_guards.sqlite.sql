-- What happened to the example is only ever added, without gaps; no organisation ends that is not the example's.
CREATE TRIGGER example_event_no_update BEFORE UPDATE ON example_event
BEGIN
    SELECT RAISE(ABORT, 'example.append_only: UPDATE on example_event is refused; add a row instead');
END
-- next
CREATE TRIGGER example_event_no_delete BEFORE DELETE ON example_event
BEGIN
    SELECT RAISE(ABORT, 'example.append_only: DELETE on example_event is refused; add a row instead');
END
-- next
CREATE TRIGGER example_event_no_replace BEFORE INSERT ON example_event
WHEN EXISTS (SELECT 1 FROM example_event WHERE number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'example.append_only: REPLACE on example_event is refused');
END
-- next
CREATE TRIGGER example_event_in_order BEFORE INSERT ON example_event
WHEN NEW.number <> 1 + (SELECT count(*) FROM example_event)
BEGIN
    SELECT RAISE(ABORT, 'example.number: events of the example follow without a gap from 1');
END
-- next
CREATE TRIGGER organisation_end_no_update BEFORE UPDATE ON organisation_end
BEGIN
    SELECT RAISE(ABORT, 'example.append_only: UPDATE on organisation_end is refused; add a row instead');
END
-- next
CREATE TRIGGER organisation_end_no_delete BEFORE DELETE ON organisation_end
BEGIN
    SELECT RAISE(ABORT, 'example.append_only: DELETE on organisation_end is refused; add a row instead');
END
-- next
CREATE TRIGGER organisation_end_no_replace BEFORE INSERT ON organisation_end
WHEN EXISTS (SELECT 1 FROM organisation_end WHERE organisation_id = NEW.organisation_id)
BEGIN
    SELECT RAISE(ABORT, 'example.append_only: REPLACE on organisation_end is refused');
END
-- next
CREATE TRIGGER organisation_end_only_example BEFORE INSERT ON organisation_end
WHEN NOT EXISTS (SELECT 1 FROM organisation WHERE organisation_id = NEW.organisation_id AND is_demo = 1)
BEGIN
    SELECT RAISE(ABORT, 'example.organisation: only an organisation of the example ends');
END
