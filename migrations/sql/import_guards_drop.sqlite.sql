-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER file_import_no_update
-- next
DROP TRIGGER file_import_no_delete
-- next
DROP TRIGGER file_import_no_replace
-- next
DROP TRIGGER file_import_step_no_update
-- next
DROP TRIGGER file_import_step_no_delete
-- next
DROP TRIGGER file_import_step_no_replace
-- next
DROP TRIGGER file_import_step_in_order
-- next
DROP TRIGGER file_import_step_not_ended
-- next
DROP TRIGGER file_import_step_as_shown
