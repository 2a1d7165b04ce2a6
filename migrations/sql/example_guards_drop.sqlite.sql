-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER example_event_no_update
-- next
DROP TRIGGER example_event_no_delete
-- next
DROP TRIGGER example_event_no_replace
-- next
DROP TRIGGER example_event_in_order
-- next
DROP TRIGGER organisation_end_no_update
-- next
DROP TRIGGER organisation_end_no_delete
-- next
DROP TRIGGER organisation_end_no_replace
-- next
DROP TRIGGER organisation_end_only_example
