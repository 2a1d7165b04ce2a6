-- What a check found is only ever added.
CREATE TRIGGER book_check_no_update BEFORE UPDATE ON book_check
BEGIN
    SELECT RAISE(ABORT, 'book_check.append_only: UPDATE on book_check is refused; add a row instead');
END
-- next
CREATE TRIGGER book_check_no_delete BEFORE DELETE ON book_check
BEGIN
    SELECT RAISE(ABORT, 'book_check.append_only: DELETE on book_check is refused; add a row instead');
END
-- next
CREATE TRIGGER book_check_no_replace BEFORE INSERT ON book_check
WHEN EXISTS (SELECT 1 FROM book_check WHERE check_id = NEW.check_id)
BEGIN
    SELECT RAISE(ABORT, 'book_check.append_only: REPLACE on book_check is refused');
END
