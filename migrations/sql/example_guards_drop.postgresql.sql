-- Functions outlive the tables whose triggers called them.
DROP TRIGGER example_event_in_order ON example_event
-- next
DROP FUNCTION tonne_example_event_in_order()
-- next
DROP TRIGGER organisation_end_only_example ON organisation_end
-- next
DROP FUNCTION tonne_organisation_end_only_example()
