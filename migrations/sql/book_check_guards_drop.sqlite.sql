-- The table goes next; its guards first, so that no name is left behind.
DROP TRIGGER book_check_no_update
-- next
DROP TRIGGER book_check_no_delete
-- next
DROP TRIGGER book_check_no_replace
