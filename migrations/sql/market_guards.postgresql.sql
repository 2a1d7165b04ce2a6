-- Facts are only ever added: no UPDATE, no DELETE, no TRUNCATE.
CREATE FUNCTION tonne_refuse_market_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'market.append_only: % on % is refused; a correction is a further row', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
-- next
DO $$
DECLARE fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['trade', 'raw_file', 'observation', 'held_observation',
                                'proposed_mark', 'approved_mark', 'withdrawn_mark', 'market_snapshot'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_market_change()',
                       fact || '_append_only', fact);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_market_change()',
                       fact || '_no_truncate', fact);
    END LOOP;
END $$
