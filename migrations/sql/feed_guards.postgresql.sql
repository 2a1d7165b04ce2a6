-- What was decided and what a job did is only ever added: no UPDATE, no DELETE, no TRUNCATE.
DO $$
DECLARE fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['market_proposal',
                                'market_decision',
                                'calendar_year',
                                'held_review',
                                'feed_switch',
                                'feed_run',
                                'job_effect',
                                'feed_alert',
                                'closing_snapshot',
                                'mark_check',
                                'second_mark_check'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_market_change()',
                       fact || '_append_only', fact);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_market_change()',
                       fact || '_no_truncate', fact);
    END LOOP;
END $$
