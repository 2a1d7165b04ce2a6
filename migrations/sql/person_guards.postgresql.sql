-- A note about persons is never edited and its row never goes: the one change is its erasure, which takes salt and content together.
CREATE FUNCTION tonne_guard_person_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE'
       OR OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL OR NEW.erased_by IS NULL OR NEW.salt IS NOT NULL OR NEW.content IS NOT NULL
       OR ROW(NEW.book_id, NEW.ref, NEW.commitment, NEW.recorded_at, NEW.recorded_by)
          IS DISTINCT FROM ROW(OLD.book_id, OLD.ref, OLD.commitment, OLD.recorded_at, OLD.recorded_by) THEN
        RAISE EXCEPTION 'persons.only_erased: a note about persons is erased whole and once, never edited, and its row stays'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER person_note_only_erased BEFORE UPDATE OR DELETE ON person_note
    FOR EACH ROW EXECUTE FUNCTION tonne_guard_person_note()
-- next
CREATE TRIGGER person_note_no_truncate BEFORE TRUNCATE ON person_note
    FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
