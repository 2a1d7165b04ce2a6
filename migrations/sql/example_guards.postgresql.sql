-- What happened to the example is only ever added, without gaps; no organisation ends that is not the example's.
CREATE TRIGGER example_event_append_only BEFORE UPDATE OR DELETE ON example_event
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER example_event_no_truncate BEFORE TRUNCATE ON example_event
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER organisation_end_append_only BEFORE UPDATE OR DELETE ON organisation_end
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER organisation_end_no_truncate BEFORE TRUNCATE ON organisation_end
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE FUNCTION tonne_example_event_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number <> 1 + (SELECT count(*) FROM example_event) THEN
        RAISE EXCEPTION 'example.number: events of the example follow without a gap from 1' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END
$$
-- next
CREATE TRIGGER example_event_in_order BEFORE INSERT ON example_event
FOR EACH ROW EXECUTE FUNCTION tonne_example_event_in_order()
-- next
CREATE FUNCTION tonne_organisation_end_only_example() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM organisation o WHERE o.organisation_id = NEW.organisation_id AND o.is_demo = 1) THEN
        RAISE EXCEPTION 'example.organisation: only an organisation of the example ends' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$
-- next
CREATE TRIGGER organisation_end_only_example BEFORE INSERT ON organisation_end
FOR EACH ROW EXECUTE FUNCTION tonne_organisation_end_only_example()
