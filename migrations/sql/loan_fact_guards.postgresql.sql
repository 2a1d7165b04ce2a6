-- What happened to a loan is only ever added; a correction is a later row.
DO $$
DECLARE fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['principal_event', 'grade_notice', 'index_fixing', 'interest_adjustment', 'adjustment_approval', 'interest_booking'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_append_only', fact);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_no_truncate', fact);
    END LOOP;
END $$
