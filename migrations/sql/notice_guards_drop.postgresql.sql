DROP TRIGGER notice_append_only ON notice
-- next
DROP TRIGGER notice_no_truncate ON notice
-- next
DROP TRIGGER notice_audience_append_only ON notice_audience
-- next
DROP TRIGGER notice_audience_no_truncate ON notice_audience
-- next
DROP TRIGGER notice_end_append_only ON notice_end
-- next
DROP TRIGGER notice_end_no_truncate ON notice_end
-- next
DROP TRIGGER notice_mark_append_only ON notice_mark
-- next
DROP TRIGGER notice_mark_no_truncate ON notice_mark
-- next
DROP TRIGGER notice_setting_append_only ON notice_setting
-- next
DROP TRIGGER notice_setting_no_truncate ON notice_setting
-- next
DROP TRIGGER notice_threshold_append_only ON notice_threshold
-- next
DROP TRIGGER notice_threshold_no_truncate ON notice_threshold
-- next
DROP TRIGGER notice_expansion_append_only ON notice_expansion
-- next
DROP TRIGGER notice_expansion_no_truncate ON notice_expansion
-- next
DROP TRIGGER delivery_event_append_only ON delivery_event
-- next
DROP TRIGGER delivery_event_no_truncate ON delivery_event
-- next
DROP TRIGGER webhook_endpoint_append_only ON webhook_endpoint
-- next
DROP TRIGGER webhook_endpoint_no_truncate ON webhook_endpoint
-- next
DROP TRIGGER webhook_step_append_only ON webhook_step
-- next
DROP TRIGGER webhook_step_no_truncate ON webhook_step
-- next
DROP TRIGGER notice_delivery_identity ON notice_delivery
-- next
DROP TRIGGER notice_delivery_no_delete ON notice_delivery
-- next
DROP TRIGGER notice_delivery_no_truncate ON notice_delivery
-- next
DROP TRIGGER notice_counter_grows ON notice_counter
-- next
DROP TRIGGER notice_counter_no_delete ON notice_counter
-- next
DROP TRIGGER notice_counter_no_truncate ON notice_counter
-- next
DROP FUNCTION tonne_keep_notice_counter()
-- next
DROP FUNCTION tonne_keep_delivery()
-- next
DROP FUNCTION tonne_refuse_notice_change()
