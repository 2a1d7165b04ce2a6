-- Published rates and running totals are only ever added; revisions have no gaps.
CREATE TRIGGER published_rate_no_update BEFORE UPDATE ON published_rate
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on published_rate is refused; add a row instead');
END
-- next
CREATE TRIGGER published_rate_no_delete BEFORE DELETE ON published_rate
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on published_rate is refused; add a row instead');
END
-- next
CREATE TRIGGER published_rate_no_replace BEFORE INSERT ON published_rate
WHEN EXISTS (
    SELECT 1 FROM published_rate
    WHERE organisation_id = NEW.organisation_id AND index_name = NEW.index_name AND published_on = NEW.published_on AND revision = NEW.revision
)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on published_rate is refused');
END
-- next
CREATE TRIGGER published_rate_in_order BEFORE INSERT ON published_rate
WHEN NEW.revision <> 1 + (
    SELECT count(*) FROM published_rate
    WHERE organisation_id = NEW.organisation_id AND index_name = NEW.index_name AND published_on = NEW.published_on
)
BEGIN
    SELECT RAISE(ABORT, 'market.revision: revisions of published_rate follow one another from 1');
END
-- next
CREATE TRIGGER running_total_no_update BEFORE UPDATE ON running_total
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: UPDATE on running_total is refused; add a row instead');
END
-- next
CREATE TRIGGER running_total_no_delete BEFORE DELETE ON running_total
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: DELETE on running_total is refused; add a row instead');
END
-- next
CREATE TRIGGER running_total_no_replace BEFORE INSERT ON running_total
WHEN EXISTS (
    SELECT 1 FROM running_total
    WHERE organisation_id = NEW.organisation_id AND feed = NEW.feed AND name = NEW.name AND day = NEW.day AND revision = NEW.revision
)
BEGIN
    SELECT RAISE(ABORT, 'market.append_only: REPLACE on running_total is refused');
END
-- next
CREATE TRIGGER running_total_in_order BEFORE INSERT ON running_total
WHEN NEW.revision <> 1 + (
    SELECT count(*) FROM running_total
    WHERE organisation_id = NEW.organisation_id AND feed = NEW.feed AND name = NEW.name AND day = NEW.day
)
BEGIN
    SELECT RAISE(ABORT, 'market.revision: revisions of running_total follow one another from 1');
END
