-- What was said about a period or a proposal is only ever added; who changes their mind says so in a later row.
CREATE TRIGGER loan_review_append_only BEFORE UPDATE OR DELETE ON loan_review
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER loan_review_no_truncate BEFORE TRUNCATE ON loan_review
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()
