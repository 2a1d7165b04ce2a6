-- Facts are only ever added. The insert guards stop INSERT OR REPLACE, which deletes without firing a delete trigger while a
-- connection's recursive_triggers is off.
CREATE TRIGGER notice_no_update BEFORE UPDATE ON notice
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: UPDATE on notice is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_no_delete BEFORE DELETE ON notice
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on notice is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_no_replace BEFORE INSERT ON notice
WHEN EXISTS (SELECT 1 FROM notice WHERE organisation_id = NEW.organisation_id AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM notice WHERE notice_id = NEW.notice_id)
    OR EXISTS (SELECT 1 FROM notice WHERE organisation_id = NEW.organisation_id AND kind = NEW.kind AND condition = NEW.condition AND episode = NEW.episode)
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: REPLACE on notice is refused');
END
-- next
CREATE TRIGGER notice_audience_no_update BEFORE UPDATE ON notice_audience
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: UPDATE on notice_audience is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_audience_no_delete BEFORE DELETE ON notice_audience
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on notice_audience is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_audience_no_replace BEFORE INSERT ON notice_audience
WHEN EXISTS (SELECT 1 FROM notice_audience WHERE organisation_id = NEW.organisation_id AND number = NEW.number AND scope = NEW.scope)
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: REPLACE on notice_audience is refused');
END
-- next
CREATE TRIGGER notice_end_no_update BEFORE UPDATE ON notice_end
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: UPDATE on notice_end is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_end_no_delete BEFORE DELETE ON notice_end
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on notice_end is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_end_no_replace BEFORE INSERT ON notice_end
WHEN EXISTS (SELECT 1 FROM notice_end WHERE organisation_id = NEW.organisation_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: REPLACE on notice_end is refused');
END
-- next
CREATE TRIGGER notice_mark_no_update BEFORE UPDATE ON notice_mark
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: UPDATE on notice_mark is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_mark_no_delete BEFORE DELETE ON notice_mark
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on notice_mark is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_mark_no_replace BEFORE INSERT ON notice_mark
WHEN EXISTS (SELECT 1 FROM notice_mark WHERE organisation_id = NEW.organisation_id AND number = NEW.number AND user_id = NEW.user_id AND what = NEW.what)
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: REPLACE on notice_mark is refused');
END
-- next
CREATE TRIGGER notice_setting_no_update BEFORE UPDATE ON notice_setting
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: UPDATE on notice_setting is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_setting_no_delete BEFORE DELETE ON notice_setting
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on notice_setting is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_setting_no_replace BEFORE INSERT ON notice_setting
WHEN EXISTS (SELECT 1 FROM notice_setting WHERE organisation_id = NEW.organisation_id AND user_id = NEW.user_id AND version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: REPLACE on notice_setting is refused');
END
-- next
CREATE TRIGGER notice_threshold_no_update BEFORE UPDATE ON notice_threshold
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: UPDATE on notice_threshold is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_threshold_no_delete BEFORE DELETE ON notice_threshold
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on notice_threshold is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_threshold_no_replace BEFORE INSERT ON notice_threshold
WHEN EXISTS (SELECT 1 FROM notice_threshold WHERE organisation_id = NEW.organisation_id AND row_id = NEW.row_id AND version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: REPLACE on notice_threshold is refused');
END
-- next
CREATE TRIGGER notice_expansion_no_update BEFORE UPDATE ON notice_expansion
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: UPDATE on notice_expansion is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_expansion_no_delete BEFORE DELETE ON notice_expansion
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on notice_expansion is refused; add a row instead');
END
-- next
CREATE TRIGGER notice_expansion_no_replace BEFORE INSERT ON notice_expansion
WHEN EXISTS (SELECT 1 FROM notice_expansion WHERE organisation_id = NEW.organisation_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: REPLACE on notice_expansion is refused');
END
-- next
CREATE TRIGGER delivery_event_no_update BEFORE UPDATE ON delivery_event
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: UPDATE on delivery_event is refused; add a row instead');
END
-- next
CREATE TRIGGER delivery_event_no_delete BEFORE DELETE ON delivery_event
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on delivery_event is refused; add a row instead');
END
-- next
CREATE TRIGGER delivery_event_no_replace BEFORE INSERT ON delivery_event
WHEN EXISTS (SELECT 1 FROM delivery_event WHERE delivery_id = NEW.delivery_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: REPLACE on delivery_event is refused');
END
-- next
CREATE TRIGGER webhook_endpoint_no_update BEFORE UPDATE ON webhook_endpoint
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: UPDATE on webhook_endpoint is refused; add a row instead');
END
-- next
CREATE TRIGGER webhook_endpoint_no_delete BEFORE DELETE ON webhook_endpoint
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on webhook_endpoint is refused; add a row instead');
END
-- next
CREATE TRIGGER webhook_endpoint_no_replace BEFORE INSERT ON webhook_endpoint
WHEN EXISTS (SELECT 1 FROM webhook_endpoint WHERE endpoint_id = NEW.endpoint_id)
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: REPLACE on webhook_endpoint is refused');
END
-- next
CREATE TRIGGER webhook_step_no_update BEFORE UPDATE ON webhook_step
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: UPDATE on webhook_step is refused; add a row instead');
END
-- next
CREATE TRIGGER webhook_step_no_delete BEFORE DELETE ON webhook_step
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on webhook_step is refused; add a row instead');
END
-- next
CREATE TRIGGER webhook_step_no_replace BEFORE INSERT ON webhook_step
WHEN EXISTS (SELECT 1 FROM webhook_step WHERE endpoint_id = NEW.endpoint_id AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM webhook_step WHERE endpoint_id = NEW.endpoint_id AND step_key = NEW.step_key)
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: REPLACE on webhook_step is refused');
END
-- next
-- A delivery's standing moves; what it is about does not, and what was sent stays sent.
CREATE TRIGGER notice_delivery_identity BEFORE UPDATE ON notice_delivery
WHEN NEW.delivery_id IS NOT OLD.delivery_id
    OR NEW.organisation_id IS NOT OLD.organisation_id
    OR NEW.number IS NOT OLD.number
    OR NEW.channel IS NOT OLD.channel
    OR NEW.target_id IS NOT OLD.target_id
    OR NEW.subject IS NOT OLD.subject
    OR NEW.made_at IS NOT OLD.made_at
    OR (OLD.state = 'sent' AND NEW.state <> 'sent')
BEGIN
    SELECT RAISE(ABORT, 'notice.delivery_identity: what a delivery is about never changes, and what was sent stays sent');
END
-- next
CREATE TRIGGER notice_delivery_no_delete BEFORE DELETE ON notice_delivery
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on notice_delivery is refused');
END
-- next
CREATE TRIGGER notice_delivery_no_replace BEFORE INSERT ON notice_delivery
WHEN EXISTS (SELECT 1 FROM notice_delivery WHERE delivery_id = NEW.delivery_id)
    OR EXISTS (SELECT 1 FROM notice_delivery WHERE organisation_id = NEW.organisation_id AND number = NEW.number
        AND channel = NEW.channel AND target_id = NEW.target_id)
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: REPLACE on notice_delivery is refused');
END
-- next
CREATE TRIGGER notice_counter_grows BEFORE UPDATE ON notice_counter
WHEN NEW.organisation_id IS NOT OLD.organisation_id OR NEW.last_number < OLD.last_number
BEGIN
    SELECT RAISE(ABORT, 'notice.counter: an organisation''s counter only grows');
END
-- next
CREATE TRIGGER notice_counter_no_delete BEFORE DELETE ON notice_counter
BEGIN
    SELECT RAISE(ABORT, 'notice.append_only: DELETE on notice_counter is refused');
END
