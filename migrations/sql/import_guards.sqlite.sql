-- Imports and their steps are only ever added to; an import ends once, and only what was shown can be confirmed.
CREATE TRIGGER file_import_no_update BEFORE UPDATE ON file_import
BEGIN
    SELECT RAISE(ABORT, 'import.append_only: UPDATE on file_import is refused; add a row instead');
END
-- next
CREATE TRIGGER file_import_no_delete BEFORE DELETE ON file_import
BEGIN
    SELECT RAISE(ABORT, 'import.append_only: DELETE on file_import is refused; add a row instead');
END
-- next
CREATE TRIGGER file_import_no_replace BEFORE INSERT ON file_import
WHEN EXISTS (SELECT 1 FROM file_import WHERE organisation_id = NEW.organisation_id AND import_id = NEW.import_id)
BEGIN
    SELECT RAISE(ABORT, 'import.append_only: REPLACE on file_import is refused');
END
-- next
CREATE TRIGGER file_import_step_no_update BEFORE UPDATE ON file_import_step
BEGIN
    SELECT RAISE(ABORT, 'import.append_only: UPDATE on file_import_step is refused; add a row instead');
END
-- next
CREATE TRIGGER file_import_step_no_delete BEFORE DELETE ON file_import_step
BEGIN
    SELECT RAISE(ABORT, 'import.append_only: DELETE on file_import_step is refused; add a row instead');
END
-- next
CREATE TRIGGER file_import_step_no_replace BEFORE INSERT ON file_import_step
WHEN EXISTS (SELECT 1 FROM file_import_step WHERE organisation_id = NEW.organisation_id AND import_id = NEW.import_id AND step_no = NEW.step_no)
BEGIN
    SELECT RAISE(ABORT, 'import.append_only: REPLACE on file_import_step is refused');
END
-- next
CREATE TRIGGER file_import_step_in_order BEFORE INSERT ON file_import_step
WHEN NEW.step_no <> 1 + (SELECT count(*) FROM file_import_step WHERE organisation_id = NEW.organisation_id AND import_id = NEW.import_id)
BEGIN
    SELECT RAISE(ABORT, 'import.step: steps of an import follow one another from 1');
END
-- next
CREATE TRIGGER file_import_step_not_ended BEFORE INSERT ON file_import_step
WHEN EXISTS (SELECT 1 FROM file_import_step WHERE organisation_id = NEW.organisation_id AND import_id = NEW.import_id AND kind IN ('confirmed', 'discarded'))
BEGIN
    SELECT RAISE(ABORT, 'import.ended: an import that was confirmed or discarded takes no further step');
END
-- next
CREATE TRIGGER file_import_step_as_shown BEFORE INSERT ON file_import_step
WHEN NEW.kind IN ('asked', 'confirmed') AND NOT EXISTS (
    SELECT 1 FROM file_import_step WHERE organisation_id = NEW.organisation_id AND import_id = NEW.import_id AND kind = 'previewed' AND sha256 = NEW.sha256
)
BEGIN
    SELECT RAISE(ABORT, 'import.not_shown: only what a preview of this import showed can be confirmed');
END
