-- The table goes next; its guards first, so that no name is left behind.
DROP TRIGGER loan_review_no_update
-- next
DROP TRIGGER loan_review_no_delete
-- next
DROP TRIGGER loan_review_no_replace
