-- Imports and their steps are only ever added to; an import ends once, and only what was shown can be confirmed.
CREATE TRIGGER file_import_append_only BEFORE UPDATE OR DELETE ON file_import
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER file_import_no_truncate BEFORE TRUNCATE ON file_import
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER file_import_step_append_only BEFORE UPDATE OR DELETE ON file_import_step
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER file_import_step_no_truncate BEFORE TRUNCATE ON file_import_step
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE FUNCTION tonne_file_import_step_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.step_no <> 1 + (SELECT count(*) FROM file_import_step WHERE organisation_id = NEW.organisation_id AND import_id = NEW.import_id) THEN
        RAISE EXCEPTION 'import.step: steps of an import follow one another from 1';
    END IF;
    IF EXISTS (SELECT 1 FROM file_import_step WHERE organisation_id = NEW.organisation_id AND import_id = NEW.import_id AND kind IN ('confirmed', 'discarded')) THEN
        RAISE EXCEPTION 'import.ended: an import that was confirmed or discarded takes no further step';
    END IF;
    IF NEW.kind IN ('asked', 'confirmed') AND NOT EXISTS (
    SELECT 1 FROM file_import_step WHERE organisation_id = NEW.organisation_id AND import_id = NEW.import_id AND kind = 'previewed' AND sha256 = NEW.sha256
) THEN
        RAISE EXCEPTION 'import.not_shown: only what a preview of this import showed can be confirmed';
    END IF;
    RETURN NEW;
END
$$
-- next
CREATE TRIGGER file_import_step_follows BEFORE INSERT ON file_import_step
FOR EACH ROW EXECUTE FUNCTION tonne_file_import_step_follows()
