-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER file_import_append_only ON file_import
-- next
DROP TRIGGER file_import_no_truncate ON file_import
-- next
DROP TRIGGER file_import_step_append_only ON file_import_step
-- next
DROP TRIGGER file_import_step_no_truncate ON file_import_step
-- next
DROP TRIGGER file_import_step_follows ON file_import_step
-- next
DROP FUNCTION tonne_file_import_step_follows()
