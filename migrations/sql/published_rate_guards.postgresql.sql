-- Published rates and running totals are only ever added; revisions have no gaps.
CREATE TRIGGER published_rate_append_only BEFORE UPDATE OR DELETE ON published_rate
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER published_rate_no_truncate BEFORE TRUNCATE ON published_rate
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE FUNCTION tonne_published_rate_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.revision <> 1 + (
        SELECT count(*) FROM published_rate
        WHERE organisation_id = NEW.organisation_id AND index_name = NEW.index_name AND published_on = NEW.published_on
    ) THEN
        RAISE EXCEPTION 'market.revision: revisions of published_rate follow one another from 1';
    END IF;
    RETURN NEW;
END
$$
-- next
CREATE TRIGGER published_rate_in_order BEFORE INSERT ON published_rate
FOR EACH ROW EXECUTE FUNCTION tonne_published_rate_in_order()
-- next
CREATE TRIGGER running_total_append_only BEFORE UPDATE OR DELETE ON running_total
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER running_total_no_truncate BEFORE TRUNCATE ON running_total
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE FUNCTION tonne_running_total_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.revision <> 1 + (
        SELECT count(*) FROM running_total
        WHERE organisation_id = NEW.organisation_id AND feed = NEW.feed AND name = NEW.name AND day = NEW.day
    ) THEN
        RAISE EXCEPTION 'market.revision: revisions of running_total follow one another from 1';
    END IF;
    RETURN NEW;
END
$$
-- next
CREATE TRIGGER running_total_in_order BEFORE INSERT ON running_total
FOR EACH ROW EXECUTE FUNCTION tonne_running_total_in_order()
