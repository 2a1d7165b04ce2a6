-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER label_event_no_update
-- next
DROP TRIGGER label_event_no_delete
-- next
DROP TRIGGER label_event_no_replace
-- next
DROP TRIGGER checklist_waiver_no_update
-- next
DROP TRIGGER checklist_waiver_no_delete
-- next
DROP TRIGGER checklist_waiver_no_replace
