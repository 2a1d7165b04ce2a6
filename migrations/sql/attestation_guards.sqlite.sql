-- Facts of attestation are only ever added. The insert guards stop INSERT OR REPLACE, which deletes without firing a delete trigger
-- while a connection's recursive_triggers is off.
CREATE TRIGGER engagement_end_no_update BEFORE UPDATE ON engagement_end
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on engagement_end is refused; add a row instead');
END
-- next
CREATE TRIGGER engagement_end_no_delete BEFORE DELETE ON engagement_end
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on engagement_end is refused; add a row instead');
END
-- next
CREATE TRIGGER engagement_end_no_replace BEFORE INSERT ON engagement_end
WHEN EXISTS (SELECT 1 FROM engagement_end WHERE engagement_id = NEW.engagement_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on engagement_end is refused');
END
-- next
CREATE TRIGGER loan_connection_no_update BEFORE UPDATE ON loan_connection
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on loan_connection is refused; add a row instead');
END
-- next
CREATE TRIGGER loan_connection_no_delete BEFORE DELETE ON loan_connection
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on loan_connection is refused; add a row instead');
END
-- next
CREATE TRIGGER loan_connection_no_replace BEFORE INSERT ON loan_connection
WHEN EXISTS (SELECT 1 FROM loan_connection WHERE facility_id = NEW.facility_id AND organisation_id = NEW.organisation_id AND role = NEW.role)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on loan_connection is refused');
END
-- next
CREATE TRIGGER attestation_remark_no_update BEFORE UPDATE ON attestation_remark
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on attestation_remark is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_remark_no_delete BEFORE DELETE ON attestation_remark
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on attestation_remark is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_remark_no_replace BEFORE INSERT ON attestation_remark
WHEN EXISTS (SELECT 1 FROM attestation_remark WHERE attestation_id = NEW.attestation_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on attestation_remark is refused');
END
-- next
CREATE TRIGGER attestation_evidence_no_update BEFORE UPDATE ON attestation_evidence
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on attestation_evidence is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_evidence_no_delete BEFORE DELETE ON attestation_evidence
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on attestation_evidence is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_evidence_no_replace BEFORE INSERT ON attestation_evidence
WHEN EXISTS (SELECT 1 FROM attestation_evidence WHERE sha256 = NEW.sha256 AND attestation_id = NEW.attestation_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on attestation_evidence is refused');
END
-- next
CREATE TRIGGER attestation_draft_no_update BEFORE UPDATE ON attestation_draft
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on attestation_draft is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_draft_no_delete BEFORE DELETE ON attestation_draft
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on attestation_draft is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_draft_no_replace BEFORE INSERT ON attestation_draft
WHEN EXISTS (SELECT 1 FROM attestation_draft WHERE draft_id = NEW.draft_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on attestation_draft is refused');
END
-- next
CREATE TRIGGER attestation_draft_version_no_update BEFORE UPDATE ON attestation_draft_version
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on attestation_draft_version is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_draft_version_no_delete BEFORE DELETE ON attestation_draft_version
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on attestation_draft_version is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_draft_version_no_replace BEFORE INSERT ON attestation_draft_version
WHEN EXISTS (SELECT 1 FROM attestation_draft_version WHERE draft_id = NEW.draft_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on attestation_draft_version is refused');
END
-- next
CREATE TRIGGER attestation_draft_event_no_update BEFORE UPDATE ON attestation_draft_event
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on attestation_draft_event is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_draft_event_no_delete BEFORE DELETE ON attestation_draft_event
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on attestation_draft_event is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_draft_event_no_replace BEFORE INSERT ON attestation_draft_event
WHEN EXISTS (SELECT 1 FROM attestation_draft_event WHERE draft_id = NEW.draft_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on attestation_draft_event is refused');
END
-- next
CREATE TRIGGER evidence_receipt_no_update BEFORE UPDATE ON evidence_receipt
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on evidence_receipt is refused; add a row instead');
END
-- next
CREATE TRIGGER evidence_receipt_no_delete BEFORE DELETE ON evidence_receipt
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on evidence_receipt is refused; add a row instead');
END
-- next
CREATE TRIGGER evidence_receipt_no_replace BEFORE INSERT ON evidence_receipt
WHEN EXISTS (SELECT 1 FROM evidence_receipt WHERE book_id = NEW.book_id AND entry_id = NEW.entry_id)
    OR EXISTS (SELECT 1 FROM evidence_receipt WHERE subject = NEW.subject AND subject_id = NEW.subject_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on evidence_receipt is refused');
END
-- next
-- What a key is and who vouched for it stays; its end is set once, a compromise only moves back.
CREATE TRIGGER signing_key_history BEFORE UPDATE ON signing_key
WHEN NEW.alg IS NOT OLD.alg OR NEW.point_y IS NOT OLD.point_y OR NEW.replaces_key_id IS NOT OLD.replaces_key_id
    OR (OLD.approved_at IS NOT NULL AND (NEW.approved_at IS NOT OLD.approved_at OR NEW.approved_by IS NOT OLD.approved_by))
    OR (OLD.not_after IS NOT NULL AND NEW.not_after IS NOT OLD.not_after)
    OR (OLD.compromised_since IS NOT NULL AND (NEW.compromised_since IS NULL OR NEW.compromised_since > OLD.compromised_since))
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: a signing key keeps its approval, its end and its compromise');
END
