-- A note about persons is never edited and its row never goes: the one change is its erasure, which takes salt and content together.
CREATE TRIGGER person_note_only_erased BEFORE UPDATE ON person_note
WHEN OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL OR NEW.erased_by IS NULL OR NEW.salt IS NOT NULL OR NEW.content IS NOT NULL
    OR NEW.book_id IS NOT OLD.book_id OR NEW.ref IS NOT OLD.ref OR NEW.commitment IS NOT OLD.commitment
    OR NEW.recorded_at IS NOT OLD.recorded_at OR NEW.recorded_by IS NOT OLD.recorded_by
BEGIN
    SELECT RAISE(ABORT, 'persons.only_erased: a note about persons is erased whole and once, never edited, and its row stays');
END
-- next
CREATE TRIGGER person_note_no_delete BEFORE DELETE ON person_note
BEGIN
    SELECT RAISE(ABORT, 'persons.only_erased: a note about persons is erased whole and once, never edited, and its row stays');
END
-- next
CREATE TRIGGER person_note_no_replace BEFORE INSERT ON person_note
WHEN EXISTS (SELECT 1 FROM person_note WHERE book_id = NEW.book_id AND (ref = NEW.ref OR commitment = NEW.commitment))
BEGIN
    SELECT RAISE(ABORT, 'persons.only_erased: REPLACE on person_note is refused');
END
