-- Facts of loans and activity are only ever added; a state is a numbered event, a correction a further revision.
DO $$
DECLARE fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['reference_set', 'reference_row', 'activity_month', 'facility', 'facility_party', 'facility_terms',
                                'terms_agreement', 'facility_kpi', 'kpi_period', 'kpi_period_event', 'data_snapshot', 'engagement',
                                'independence_declaration', 'attestation', 'statement_id', 'attestation_event', 'rate_determination',
                                'rate_evidence', 'rate_approval', 'rate_decision'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_append_only', fact);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_no_truncate', fact);
    END LOOP;
END $$
-- next
CREATE TRIGGER signing_key_no_delete BEFORE DELETE ON signing_key FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER signing_key_no_truncate BEFORE TRUNCATE ON signing_key FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
-- A registered key keeps its bytes, its holder and its day; a revocation, once set, stays.
CREATE FUNCTION tonne_guard_signing_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ROW(NEW.key_id, NEW.organisation_id, NEW.public_key, NEW.registered_at, NEW.registered_by)
       IS DISTINCT FROM ROW(OLD.key_id, OLD.organisation_id, OLD.public_key, OLD.registered_at, OLD.registered_by)
       OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
        RAISE EXCEPTION 'loans.append_only: a signing key keeps its identity, and its revocation' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER signing_key_identity BEFORE UPDATE ON signing_key FOR EACH ROW EXECUTE FUNCTION tonne_guard_signing_key()
