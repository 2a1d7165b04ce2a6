-- What was said and decided about a compliance year is only ever added; a correction is a later row.
DO $$
DECLARE fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['compliance_proposal', 'compliance_decision', 'compliance_entry'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_append_only', fact);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_no_truncate', fact);
    END LOOP;
END $$
