-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER label_event_append_only ON label_event
-- next
DROP TRIGGER label_event_no_truncate ON label_event
-- next
DROP TRIGGER checklist_waiver_append_only ON checklist_waiver
-- next
DROP TRIGGER checklist_waiver_no_truncate ON checklist_waiver
