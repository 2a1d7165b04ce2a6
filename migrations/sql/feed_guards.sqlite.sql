-- What was decided and what a job did is only ever added. The insert guards stop INSERT OR REPLACE too.
CREATE TRIGGER market_proposal_no_update BEFORE UPDATE ON market_proposal
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on market_proposal is refused; a correction is a further row');
END
-- next
CREATE TRIGGER market_proposal_no_delete BEFORE DELETE ON market_proposal
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on market_proposal is refused; a correction is a further row');
END
-- next
CREATE TRIGGER market_proposal_no_replace BEFORE INSERT ON market_proposal
WHEN EXISTS (SELECT 1 FROM market_proposal WHERE organisation_id = NEW.organisation_id AND proposal_id = NEW.proposal_id)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on market_proposal is refused');
END
-- next
CREATE TRIGGER market_decision_no_update BEFORE UPDATE ON market_decision
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on market_decision is refused; a correction is a further row');
END
-- next
CREATE TRIGGER market_decision_no_delete BEFORE DELETE ON market_decision
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on market_decision is refused; a correction is a further row');
END
-- next
CREATE TRIGGER market_decision_no_replace BEFORE INSERT ON market_decision
WHEN EXISTS (SELECT 1 FROM market_decision WHERE organisation_id = NEW.organisation_id AND proposal_id = NEW.proposal_id)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on market_decision is refused');
END
-- next
CREATE TRIGGER calendar_year_no_update BEFORE UPDATE ON calendar_year
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on calendar_year is refused; a correction is a further row');
END
-- next
CREATE TRIGGER calendar_year_no_delete BEFORE DELETE ON calendar_year
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on calendar_year is refused; a correction is a further row');
END
-- next
CREATE TRIGGER calendar_year_no_replace BEFORE INSERT ON calendar_year
WHEN EXISTS (SELECT 1 FROM calendar_year WHERE organisation_id = NEW.organisation_id AND market = NEW.market AND year = NEW.year AND version = NEW.version)
    OR EXISTS (SELECT 1 FROM calendar_year WHERE organisation_id = NEW.organisation_id AND proposal_id = NEW.proposal_id)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on calendar_year is refused');
END
-- next
CREATE TRIGGER held_review_no_update BEFORE UPDATE ON held_review
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on held_review is refused; a correction is a further row');
END
-- next
CREATE TRIGGER held_review_no_delete BEFORE DELETE ON held_review
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on held_review is refused; a correction is a further row');
END
-- next
CREATE TRIGGER held_review_no_replace BEFORE INSERT ON held_review
WHEN EXISTS (SELECT 1 FROM held_review WHERE organisation_id = NEW.organisation_id AND content_sha256 = NEW.content_sha256)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on held_review is refused');
END
-- next
CREATE TRIGGER feed_switch_no_update BEFORE UPDATE ON feed_switch
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on feed_switch is refused; a correction is a further row');
END
-- next
CREATE TRIGGER feed_switch_no_delete BEFORE DELETE ON feed_switch
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on feed_switch is refused; a correction is a further row');
END
-- next
CREATE TRIGGER feed_switch_no_replace BEFORE INSERT ON feed_switch
WHEN EXISTS (SELECT 1 FROM feed_switch WHERE organisation_id = NEW.organisation_id AND feed = NEW.feed AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on feed_switch is refused');
END
-- next
CREATE TRIGGER feed_run_no_update BEFORE UPDATE ON feed_run
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on feed_run is refused; a correction is a further row');
END
-- next
CREATE TRIGGER feed_run_no_delete BEFORE DELETE ON feed_run
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on feed_run is refused; a correction is a further row');
END
-- next
CREATE TRIGGER feed_run_no_replace BEFORE INSERT ON feed_run
WHEN EXISTS (SELECT 1 FROM feed_run WHERE organisation_id = NEW.organisation_id AND feed = NEW.feed AND business_day = NEW.business_day AND attempt = NEW.attempt)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on feed_run is refused');
END
-- next
CREATE TRIGGER job_effect_no_update BEFORE UPDATE ON job_effect
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on job_effect is refused; a correction is a further row');
END
-- next
CREATE TRIGGER job_effect_no_delete BEFORE DELETE ON job_effect
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on job_effect is refused; a correction is a further row');
END
-- next
CREATE TRIGGER job_effect_no_replace BEFORE INSERT ON job_effect
WHEN EXISTS (SELECT 1 FROM job_effect WHERE organisation_id = NEW.organisation_id AND job = NEW.job AND business_day = NEW.business_day)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on job_effect is refused');
END
-- next
CREATE TRIGGER feed_alert_no_update BEFORE UPDATE ON feed_alert
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on feed_alert is refused; a correction is a further row');
END
-- next
CREATE TRIGGER feed_alert_no_delete BEFORE DELETE ON feed_alert
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on feed_alert is refused; a correction is a further row');
END
-- next
CREATE TRIGGER feed_alert_no_replace BEFORE INSERT ON feed_alert
WHEN EXISTS (SELECT 1 FROM feed_alert WHERE organisation_id = NEW.organisation_id AND job = NEW.job AND cause = NEW.cause AND business_day = NEW.business_day)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on feed_alert is refused');
END
-- next
CREATE TRIGGER closing_snapshot_no_update BEFORE UPDATE ON closing_snapshot
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on closing_snapshot is refused; a correction is a further row');
END
-- next
CREATE TRIGGER closing_snapshot_no_delete BEFORE DELETE ON closing_snapshot
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on closing_snapshot is refused; a correction is a further row');
END
-- next
CREATE TRIGGER closing_snapshot_no_replace BEFORE INSERT ON closing_snapshot
WHEN EXISTS (SELECT 1 FROM closing_snapshot WHERE organisation_id = NEW.organisation_id AND close = NEW.close AND business_day = NEW.business_day AND version = NEW.version)
    OR EXISTS (SELECT 1 FROM closing_snapshot WHERE snapshot_id = NEW.snapshot_id)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on closing_snapshot is refused');
END
-- next
CREATE TRIGGER mark_check_no_update BEFORE UPDATE ON mark_check
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on mark_check is refused; a correction is a further row');
END
-- next
CREATE TRIGGER mark_check_no_delete BEFORE DELETE ON mark_check
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on mark_check is refused; a correction is a further row');
END
-- next
CREATE TRIGGER mark_check_no_replace BEFORE INSERT ON mark_check
WHEN EXISTS (SELECT 1 FROM mark_check WHERE organisation_id = NEW.organisation_id AND mark_id = NEW.mark_id)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on mark_check is refused');
END
-- next
CREATE TRIGGER second_mark_check_no_update BEFORE UPDATE ON second_mark_check
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on second_mark_check is refused; a correction is a further row');
END
-- next
CREATE TRIGGER second_mark_check_no_delete BEFORE DELETE ON second_mark_check
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on second_mark_check is refused; a correction is a further row');
END
-- next
CREATE TRIGGER second_mark_check_no_replace BEFORE INSERT ON second_mark_check
WHEN EXISTS (SELECT 1 FROM second_mark_check WHERE organisation_id = NEW.organisation_id AND mark_id = NEW.mark_id)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on second_mark_check is refused');
END
