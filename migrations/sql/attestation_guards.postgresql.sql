-- Facts of attestation are only ever added.
DO $$
DECLARE fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['engagement_end', 'loan_connection', 'attestation_remark', 'attestation_evidence', 'attestation_draft',
                                'attestation_draft_version', 'attestation_draft_event', 'evidence_receipt'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_append_only', fact);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_no_truncate', fact);
    END LOOP;
END $$
-- next
-- What a key is and who vouched for it stays; its end is set once, a compromise only moves back.
CREATE FUNCTION tonne_guard_signing_key_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ROW(NEW.alg, NEW.point_y, NEW.replaces_key_id) IS DISTINCT FROM ROW(OLD.alg, OLD.point_y, OLD.replaces_key_id)
       OR (OLD.approved_at IS NOT NULL
           AND ROW(NEW.approved_at, NEW.approved_by) IS DISTINCT FROM ROW(OLD.approved_at, OLD.approved_by))
       OR (OLD.not_after IS NOT NULL AND NEW.not_after IS DISTINCT FROM OLD.not_after)
       OR (OLD.compromised_since IS NOT NULL
           AND (NEW.compromised_since IS NULL OR NEW.compromised_since > OLD.compromised_since)) THEN
        RAISE EXCEPTION 'loans.append_only: a signing key keeps its approval, its end and its compromise'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER signing_key_history BEFORE UPDATE ON signing_key FOR EACH ROW EXECUTE FUNCTION tonne_guard_signing_key_history()
