-- The guards go before their tables.
DROP TRIGGER market_proposal_no_replace
-- next
DROP TRIGGER market_proposal_no_delete
-- next
DROP TRIGGER market_proposal_no_update
-- next
DROP TRIGGER market_decision_no_replace
-- next
DROP TRIGGER market_decision_no_delete
-- next
DROP TRIGGER market_decision_no_update
-- next
DROP TRIGGER calendar_year_no_replace
-- next
DROP TRIGGER calendar_year_no_delete
-- next
DROP TRIGGER calendar_year_no_update
-- next
DROP TRIGGER held_review_no_replace
-- next
DROP TRIGGER held_review_no_delete
-- next
DROP TRIGGER held_review_no_update
-- next
DROP TRIGGER feed_switch_no_replace
-- next
DROP TRIGGER feed_switch_no_delete
-- next
DROP TRIGGER feed_switch_no_update
-- next
DROP TRIGGER feed_run_no_replace
-- next
DROP TRIGGER feed_run_no_delete
-- next
DROP TRIGGER feed_run_no_update
-- next
DROP TRIGGER job_effect_no_replace
-- next
DROP TRIGGER job_effect_no_delete
-- next
DROP TRIGGER job_effect_no_update
-- next
DROP TRIGGER feed_alert_no_replace
-- next
DROP TRIGGER feed_alert_no_delete
-- next
DROP TRIGGER feed_alert_no_update
-- next
DROP TRIGGER closing_snapshot_no_replace
-- next
DROP TRIGGER closing_snapshot_no_delete
-- next
DROP TRIGGER closing_snapshot_no_update
-- next
DROP TRIGGER mark_check_no_replace
-- next
DROP TRIGGER mark_check_no_delete
-- next
DROP TRIGGER mark_check_no_update
-- next
DROP TRIGGER second_mark_check_no_replace
-- next
DROP TRIGGER second_mark_check_no_delete
-- next
DROP TRIGGER second_mark_check_no_update
