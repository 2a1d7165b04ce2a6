-- Functions outlive the tables whose triggers called them.
DROP FUNCTION tonne_refuse_reconciliation_change
-- next
DROP FUNCTION tonne_statement_match_line_once
-- next
DROP FUNCTION tonne_statement_match_posting_once
