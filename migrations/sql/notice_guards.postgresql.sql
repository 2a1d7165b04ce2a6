-- Facts are only ever added: no UPDATE, no DELETE, no TRUNCATE.
CREATE FUNCTION tonne_refuse_notice_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'notice.append_only: % on % is refused; add a row instead', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
-- next
CREATE TRIGGER notice_append_only BEFORE UPDATE OR DELETE ON notice
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_no_truncate BEFORE TRUNCATE ON notice
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_audience_append_only BEFORE UPDATE OR DELETE ON notice_audience
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_audience_no_truncate BEFORE TRUNCATE ON notice_audience
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_end_append_only BEFORE UPDATE OR DELETE ON notice_end
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_end_no_truncate BEFORE TRUNCATE ON notice_end
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_mark_append_only BEFORE UPDATE OR DELETE ON notice_mark
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_mark_no_truncate BEFORE TRUNCATE ON notice_mark
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_setting_append_only BEFORE UPDATE OR DELETE ON notice_setting
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_setting_no_truncate BEFORE TRUNCATE ON notice_setting
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_threshold_append_only BEFORE UPDATE OR DELETE ON notice_threshold
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_threshold_no_truncate BEFORE TRUNCATE ON notice_threshold
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_expansion_append_only BEFORE UPDATE OR DELETE ON notice_expansion
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_expansion_no_truncate BEFORE TRUNCATE ON notice_expansion
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER delivery_event_append_only BEFORE UPDATE OR DELETE ON delivery_event
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER delivery_event_no_truncate BEFORE TRUNCATE ON delivery_event
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER webhook_endpoint_append_only BEFORE UPDATE OR DELETE ON webhook_endpoint
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER webhook_endpoint_no_truncate BEFORE TRUNCATE ON webhook_endpoint
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER webhook_step_append_only BEFORE UPDATE OR DELETE ON webhook_step
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER webhook_step_no_truncate BEFORE TRUNCATE ON webhook_step
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE FUNCTION tonne_keep_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.delivery_id IS DISTINCT FROM OLD.delivery_id
       OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id
       OR NEW.number IS DISTINCT FROM OLD.number
       OR NEW.channel IS DISTINCT FROM OLD.channel
       OR NEW.target_id IS DISTINCT FROM OLD.target_id
       OR NEW.subject IS DISTINCT FROM OLD.subject
       OR NEW.made_at IS DISTINCT FROM OLD.made_at
       OR (OLD.state = 'sent' AND NEW.state <> 'sent') THEN
        RAISE EXCEPTION 'notice.delivery_identity: what a delivery is about never changes, and what was sent stays sent'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER notice_delivery_identity BEFORE UPDATE ON notice_delivery
FOR EACH ROW EXECUTE FUNCTION tonne_keep_delivery()
-- next
CREATE TRIGGER notice_delivery_no_delete BEFORE DELETE ON notice_delivery
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_delivery_no_truncate BEFORE TRUNCATE ON notice_delivery
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE FUNCTION tonne_keep_notice_counter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.organisation_id IS DISTINCT FROM OLD.organisation_id OR NEW.last_number < OLD.last_number THEN
        RAISE EXCEPTION 'notice.counter: an organisation''s counter only grows' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER notice_counter_grows BEFORE UPDATE ON notice_counter
FOR EACH ROW EXECUTE FUNCTION tonne_keep_notice_counter()
-- next
CREATE TRIGGER notice_counter_no_delete BEFORE DELETE ON notice_counter
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_notice_change()
-- next
CREATE TRIGGER notice_counter_no_truncate BEFORE TRUNCATE ON notice_counter
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_notice_change()
