-- Facts of loans and activity are only ever added; a state is a numbered event, a correction a further revision. The insert guards
-- stop INSERT OR REPLACE, which deletes without firing a delete trigger while a connection's recursive_triggers is off.
CREATE TRIGGER reference_set_no_update BEFORE UPDATE ON reference_set
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on reference_set is refused; add a row instead');
END
-- next
CREATE TRIGGER reference_set_no_delete BEFORE DELETE ON reference_set
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on reference_set is refused; add a row instead');
END
-- next
CREATE TRIGGER reference_set_no_replace BEFORE INSERT ON reference_set
WHEN EXISTS (SELECT 1 FROM reference_set WHERE set_id = NEW.set_id AND version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on reference_set is refused');
END
-- next
CREATE TRIGGER reference_row_no_update BEFORE UPDATE ON reference_row
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on reference_row is refused; add a row instead');
END
-- next
CREATE TRIGGER reference_row_no_delete BEFORE DELETE ON reference_row
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on reference_row is refused; add a row instead');
END
-- next
CREATE TRIGGER reference_row_no_replace BEFORE INSERT ON reference_row
WHEN EXISTS (SELECT 1 FROM reference_row WHERE set_id = NEW.set_id AND set_version = NEW.set_version AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on reference_row is refused');
END
-- next
CREATE TRIGGER activity_month_no_update BEFORE UPDATE ON activity_month
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on activity_month is refused; add a row instead');
END
-- next
CREATE TRIGGER activity_month_no_delete BEFORE DELETE ON activity_month
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on activity_month is refused; add a row instead');
END
-- next
CREATE TRIGGER activity_month_no_replace BEFORE INSERT ON activity_month
WHEN EXISTS (SELECT 1 FROM activity_month WHERE organisation_id = NEW.organisation_id AND site = NEW.site AND month = NEW.month AND revision = NEW.revision)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on activity_month is refused');
END
-- next
CREATE TRIGGER facility_no_update BEFORE UPDATE ON facility
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on facility is refused; add a row instead');
END
-- next
CREATE TRIGGER facility_no_delete BEFORE DELETE ON facility
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on facility is refused; add a row instead');
END
-- next
CREATE TRIGGER facility_no_replace BEFORE INSERT ON facility
WHEN EXISTS (SELECT 1 FROM facility WHERE facility_id = NEW.facility_id)
    OR EXISTS (SELECT 1 FROM facility WHERE borrower_id = NEW.borrower_id AND facility_number = NEW.facility_number)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on facility is refused');
END
-- next
CREATE TRIGGER facility_party_no_update BEFORE UPDATE ON facility_party
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on facility_party is refused; add a row instead');
END
-- next
CREATE TRIGGER facility_party_no_delete BEFORE DELETE ON facility_party
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on facility_party is refused; add a row instead');
END
-- next
CREATE TRIGGER facility_party_no_replace BEFORE INSERT ON facility_party
WHEN EXISTS (SELECT 1 FROM facility_party WHERE facility_id = NEW.facility_id AND organisation_id = NEW.organisation_id AND role = NEW.role)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on facility_party is refused');
END
-- next
CREATE TRIGGER facility_terms_no_update BEFORE UPDATE ON facility_terms
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on facility_terms is refused; add a row instead');
END
-- next
CREATE TRIGGER facility_terms_no_delete BEFORE DELETE ON facility_terms
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on facility_terms is refused; add a row instead');
END
-- next
CREATE TRIGGER facility_terms_no_replace BEFORE INSERT ON facility_terms
WHEN EXISTS (SELECT 1 FROM facility_terms WHERE facility_id = NEW.facility_id AND version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on facility_terms is refused');
END
-- next
CREATE TRIGGER terms_agreement_no_update BEFORE UPDATE ON terms_agreement
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on terms_agreement is refused; add a row instead');
END
-- next
CREATE TRIGGER terms_agreement_no_delete BEFORE DELETE ON terms_agreement
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on terms_agreement is refused; add a row instead');
END
-- next
CREATE TRIGGER terms_agreement_no_replace BEFORE INSERT ON terms_agreement
WHEN EXISTS (SELECT 1 FROM terms_agreement WHERE facility_id = NEW.facility_id AND version = NEW.version AND organisation_id = NEW.organisation_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on terms_agreement is refused');
END
-- next
CREATE TRIGGER facility_kpi_no_update BEFORE UPDATE ON facility_kpi
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on facility_kpi is refused; add a row instead');
END
-- next
CREATE TRIGGER facility_kpi_no_delete BEFORE DELETE ON facility_kpi
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on facility_kpi is refused; add a row instead');
END
-- next
CREATE TRIGGER facility_kpi_no_replace BEFORE INSERT ON facility_kpi
WHEN EXISTS (SELECT 1 FROM facility_kpi WHERE facility_id = NEW.facility_id AND kpi_id = NEW.kpi_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on facility_kpi is refused');
END
-- next
CREATE TRIGGER kpi_period_no_update BEFORE UPDATE ON kpi_period
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on kpi_period is refused; add a row instead');
END
-- next
CREATE TRIGGER kpi_period_no_delete BEFORE DELETE ON kpi_period
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on kpi_period is refused; add a row instead');
END
-- next
CREATE TRIGGER kpi_period_no_replace BEFORE INSERT ON kpi_period
WHEN EXISTS (SELECT 1 FROM kpi_period WHERE kpi_period_id = NEW.kpi_period_id)
    OR EXISTS (SELECT 1 FROM kpi_period WHERE facility_id = NEW.facility_id AND kpi_id = NEW.kpi_id AND period_start = NEW.period_start)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on kpi_period is refused');
END
-- next
CREATE TRIGGER kpi_period_event_no_update BEFORE UPDATE ON kpi_period_event
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on kpi_period_event is refused; add a row instead');
END
-- next
CREATE TRIGGER kpi_period_event_no_delete BEFORE DELETE ON kpi_period_event
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on kpi_period_event is refused; add a row instead');
END
-- next
CREATE TRIGGER kpi_period_event_no_replace BEFORE INSERT ON kpi_period_event
WHEN EXISTS (SELECT 1 FROM kpi_period_event WHERE kpi_period_id = NEW.kpi_period_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on kpi_period_event is refused');
END
-- next
CREATE TRIGGER data_snapshot_no_update BEFORE UPDATE ON data_snapshot
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on data_snapshot is refused; add a row instead');
END
-- next
CREATE TRIGGER data_snapshot_no_delete BEFORE DELETE ON data_snapshot
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on data_snapshot is refused; add a row instead');
END
-- next
CREATE TRIGGER data_snapshot_no_replace BEFORE INSERT ON data_snapshot
WHEN EXISTS (SELECT 1 FROM data_snapshot WHERE kpi_period_id = NEW.kpi_period_id AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM data_snapshot WHERE kpi_period_id = NEW.kpi_period_id AND sha256 = NEW.sha256)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on data_snapshot is refused');
END
-- next
CREATE TRIGGER engagement_no_update BEFORE UPDATE ON engagement
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on engagement is refused; add a row instead');
END
-- next
CREATE TRIGGER engagement_no_delete BEFORE DELETE ON engagement
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on engagement is refused; add a row instead');
END
-- next
CREATE TRIGGER engagement_no_replace BEFORE INSERT ON engagement
WHEN EXISTS (SELECT 1 FROM engagement WHERE engagement_id = NEW.engagement_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on engagement is refused');
END
-- next
CREATE TRIGGER independence_declaration_no_update BEFORE UPDATE ON independence_declaration
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on independence_declaration is refused; add a row instead');
END
-- next
CREATE TRIGGER independence_declaration_no_delete BEFORE DELETE ON independence_declaration
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on independence_declaration is refused; add a row instead');
END
-- next
CREATE TRIGGER independence_declaration_no_replace BEFORE INSERT ON independence_declaration
WHEN EXISTS (SELECT 1 FROM independence_declaration WHERE engagement_id = NEW.engagement_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on independence_declaration is refused');
END
-- next
CREATE TRIGGER attestation_no_update BEFORE UPDATE ON attestation
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on attestation is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_no_delete BEFORE DELETE ON attestation
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on attestation is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_no_replace BEFORE INSERT ON attestation
WHEN EXISTS (SELECT 1 FROM attestation WHERE attestation_id = NEW.attestation_id)
    OR EXISTS (SELECT 1 FROM attestation WHERE engagement_id = NEW.engagement_id AND envelope_sha256 = NEW.envelope_sha256)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on attestation is refused');
END
-- next
CREATE TRIGGER statement_id_no_update BEFORE UPDATE ON statement_id
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on statement_id is refused; add a row instead');
END
-- next
CREATE TRIGGER statement_id_no_delete BEFORE DELETE ON statement_id
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on statement_id is refused; add a row instead');
END
-- next
CREATE TRIGGER statement_id_no_replace BEFORE INSERT ON statement_id
WHEN EXISTS (SELECT 1 FROM statement_id WHERE issuer_id = NEW.issuer_id AND jti = NEW.jti)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on statement_id is refused');
END
-- next
CREATE TRIGGER attestation_event_no_update BEFORE UPDATE ON attestation_event
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on attestation_event is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_event_no_delete BEFORE DELETE ON attestation_event
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on attestation_event is refused; add a row instead');
END
-- next
CREATE TRIGGER attestation_event_no_replace BEFORE INSERT ON attestation_event
WHEN EXISTS (SELECT 1 FROM attestation_event WHERE attestation_id = NEW.attestation_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on attestation_event is refused');
END
-- next
CREATE TRIGGER rate_determination_no_update BEFORE UPDATE ON rate_determination
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on rate_determination is refused; add a row instead');
END
-- next
CREATE TRIGGER rate_determination_no_delete BEFORE DELETE ON rate_determination
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on rate_determination is refused; add a row instead');
END
-- next
CREATE TRIGGER rate_determination_no_replace BEFORE INSERT ON rate_determination
WHEN EXISTS (SELECT 1 FROM rate_determination WHERE determination_id = NEW.determination_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on rate_determination is refused');
END
-- next
CREATE TRIGGER rate_evidence_no_update BEFORE UPDATE ON rate_evidence
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on rate_evidence is refused; add a row instead');
END
-- next
CREATE TRIGGER rate_evidence_no_delete BEFORE DELETE ON rate_evidence
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on rate_evidence is refused; add a row instead');
END
-- next
CREATE TRIGGER rate_evidence_no_replace BEFORE INSERT ON rate_evidence
WHEN EXISTS (SELECT 1 FROM rate_evidence WHERE determination_id = NEW.determination_id AND kpi_period_id = NEW.kpi_period_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on rate_evidence is refused');
END
-- next
CREATE TRIGGER rate_approval_no_update BEFORE UPDATE ON rate_approval
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on rate_approval is refused; add a row instead');
END
-- next
CREATE TRIGGER rate_approval_no_delete BEFORE DELETE ON rate_approval
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on rate_approval is refused; add a row instead');
END
-- next
CREATE TRIGGER rate_approval_no_replace BEFORE INSERT ON rate_approval
WHEN EXISTS (SELECT 1 FROM rate_approval WHERE determination_id = NEW.determination_id AND approver_id = NEW.approver_id)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on rate_approval is refused');
END
-- next
CREATE TRIGGER rate_decision_no_update BEFORE UPDATE ON rate_decision
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: UPDATE on rate_decision is refused; add a row instead');
END
-- next
CREATE TRIGGER rate_decision_no_delete BEFORE DELETE ON rate_decision
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on rate_decision is refused; add a row instead');
END
-- next
CREATE TRIGGER rate_decision_no_replace BEFORE INSERT ON rate_decision
WHEN EXISTS (SELECT 1 FROM rate_decision WHERE determination_id = NEW.determination_id)
    OR EXISTS (SELECT 1 FROM rate_decision WHERE facility_id = NEW.facility_id AND sequence = NEW.sequence)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on rate_decision is refused');
END
-- next
CREATE TRIGGER signing_key_no_delete BEFORE DELETE ON signing_key
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: DELETE on signing_key is refused');
END
-- next
CREATE TRIGGER signing_key_no_replace BEFORE INSERT ON signing_key
WHEN EXISTS (SELECT 1 FROM signing_key WHERE key_id = NEW.key_id)
    OR EXISTS (SELECT 1 FROM signing_key WHERE public_key = NEW.public_key)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: REPLACE on signing_key is refused');
END
-- next
-- A registered key keeps its bytes, its holder and its day; a revocation, once set, stays.
CREATE TRIGGER signing_key_identity BEFORE UPDATE ON signing_key
WHEN NEW.key_id IS NOT OLD.key_id OR NEW.organisation_id IS NOT OLD.organisation_id OR NEW.public_key IS NOT OLD.public_key
    OR NEW.registered_at IS NOT OLD.registered_at OR NEW.registered_by IS NOT OLD.registered_by
    OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at)
BEGIN
    SELECT RAISE(ABORT, 'loans.append_only: a signing key keeps its identity, and its revocation');
END
