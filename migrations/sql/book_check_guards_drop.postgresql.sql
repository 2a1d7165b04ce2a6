-- The table goes next; its guards first, so that no name is left behind.
DROP TRIGGER book_check_append_only ON book_check
-- next
DROP TRIGGER book_check_no_truncate ON book_check
