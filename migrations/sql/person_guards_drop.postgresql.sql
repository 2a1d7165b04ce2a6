-- Functions outlive the tables whose triggers called them.
DROP FUNCTION tonne_guard_person_note
