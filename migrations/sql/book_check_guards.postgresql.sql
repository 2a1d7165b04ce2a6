-- What a check found is only ever added.
CREATE TRIGGER book_check_append_only BEFORE UPDATE OR DELETE ON book_check
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER book_check_no_truncate BEFORE TRUNCATE ON book_check
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
