-- The guards go before their tables.
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
        EXECUTE format('DROP TRIGGER %I ON %I', fact || '_append_only', fact);
        EXECUTE format('DROP TRIGGER %I ON %I', fact || '_no_truncate', fact);
    END LOOP;
END $$
