-- The tables go next; their guards first, so that no name is left behind.
DROP TRIGGER published_rate_no_update
-- next
DROP TRIGGER published_rate_no_delete
-- next
DROP TRIGGER published_rate_no_replace
-- next
DROP TRIGGER published_rate_in_order
-- next
DROP TRIGGER running_total_no_update
-- next
DROP TRIGGER running_total_no_delete
-- next
DROP TRIGGER running_total_no_replace
-- next
DROP TRIGGER running_total_in_order
