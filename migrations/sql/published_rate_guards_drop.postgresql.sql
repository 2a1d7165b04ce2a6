-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER published_rate_append_only ON published_rate
-- next
DROP TRIGGER published_rate_no_truncate ON published_rate
-- next
DROP TRIGGER published_rate_in_order ON published_rate
-- next
DROP FUNCTION tonne_published_rate_in_order()
-- next
DROP TRIGGER running_total_append_only ON running_total
-- next
DROP TRIGGER running_total_no_truncate ON running_total
-- next
DROP TRIGGER running_total_in_order ON running_total
-- next
DROP FUNCTION tonne_running_total_in_order()
