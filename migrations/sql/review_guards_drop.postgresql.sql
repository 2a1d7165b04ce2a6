-- The table goes next; its guards first, so that no name is left behind.
DROP TRIGGER loan_review_append_only ON loan_review
-- next
DROP TRIGGER loan_review_no_truncate ON loan_review
