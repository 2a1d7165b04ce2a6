DROP TRIGGER notice_no_update
-- next
DROP TRIGGER notice_no_delete
-- next
DROP TRIGGER notice_no_replace
-- next
DROP TRIGGER notice_audience_no_update
-- next
DROP TRIGGER notice_audience_no_delete
-- next
DROP TRIGGER notice_audience_no_replace
-- next
DROP TRIGGER notice_end_no_update
-- next
DROP TRIGGER notice_end_no_delete
-- next
DROP TRIGGER notice_end_no_replace
-- next
DROP TRIGGER notice_mark_no_update
-- next
DROP TRIGGER notice_mark_no_delete
-- next
DROP TRIGGER notice_mark_no_replace
-- next
DROP TRIGGER notice_setting_no_update
-- next
DROP TRIGGER notice_setting_no_delete
-- next
DROP TRIGGER notice_setting_no_replace
-- next
DROP TRIGGER notice_threshold_no_update
-- next
DROP TRIGGER notice_threshold_no_delete
-- next
DROP TRIGGER notice_threshold_no_replace
-- next
DROP TRIGGER notice_expansion_no_update
-- next
DROP TRIGGER notice_expansion_no_delete
-- next
DROP TRIGGER notice_expansion_no_replace
-- next
DROP TRIGGER delivery_event_no_update
-- next
DROP TRIGGER delivery_event_no_delete
-- next
DROP TRIGGER delivery_event_no_replace
-- next
DROP TRIGGER webhook_endpoint_no_update
-- next
DROP TRIGGER webhook_endpoint_no_delete
-- next
DROP TRIGGER webhook_endpoint_no_replace
-- next
DROP TRIGGER webhook_step_no_update
-- next
DROP TRIGGER webhook_step_no_delete
-- next
DROP TRIGGER webhook_step_no_replace
-- next
DROP TRIGGER notice_delivery_identity
-- next
DROP TRIGGER notice_delivery_no_delete
-- next
DROP TRIGGER notice_delivery_no_replace
-- next
DROP TRIGGER notice_counter_grows
-- next
DROP TRIGGER notice_counter_no_delete
