-- Facts are only ever added. The insert guards stop INSERT OR REPLACE, which deletes without firing a delete trigger while a
-- connection's recursive_triggers is off.
CREATE TRIGGER reconciliation_fact_no_update BEFORE UPDATE ON reconciliation_fact
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: UPDATE on reconciliation_fact is refused; a correction is a further row');
END
-- next
CREATE TRIGGER reconciliation_fact_no_delete BEFORE DELETE ON reconciliation_fact
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: DELETE on reconciliation_fact is refused; a correction is a further row');
END
-- next
CREATE TRIGGER reconciliation_fact_no_replace BEFORE INSERT ON reconciliation_fact
WHEN EXISTS (SELECT 1 FROM reconciliation_fact WHERE book_id = NEW.book_id AND fact_no = NEW.fact_no)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: REPLACE on reconciliation_fact is refused');
END
-- next
CREATE TRIGGER statement_source_no_update BEFORE UPDATE ON statement_source
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: UPDATE on statement_source is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_source_no_delete BEFORE DELETE ON statement_source
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: DELETE on statement_source is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_source_no_replace BEFORE INSERT ON statement_source
WHEN EXISTS (SELECT 1 FROM statement_source WHERE book_id = NEW.book_id AND fact_no = NEW.fact_no)
    OR EXISTS (SELECT 1 FROM statement_source WHERE code = NEW.code AND version = NEW.version AND book_id = NEW.book_id)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: REPLACE on statement_source is refused');
END
-- next
CREATE TRIGGER statement_import_no_update BEFORE UPDATE ON statement_import
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: UPDATE on statement_import is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_import_no_delete BEFORE DELETE ON statement_import
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: DELETE on statement_import is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_import_no_replace BEFORE INSERT ON statement_import
WHEN EXISTS (SELECT 1 FROM statement_import WHERE book_id = NEW.book_id AND fact_no = NEW.fact_no)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: REPLACE on statement_import is refused');
END
-- next
CREATE TRIGGER statement_line_no_update BEFORE UPDATE ON statement_line
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: UPDATE on statement_line is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_line_no_delete BEFORE DELETE ON statement_line
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: DELETE on statement_line is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_line_no_replace BEFORE INSERT ON statement_line
WHEN EXISTS (SELECT 1 FROM statement_line WHERE book_id = NEW.book_id AND line_no = NEW.line_no)
    OR EXISTS (SELECT 1 FROM statement_line WHERE line_key = NEW.line_key AND source_code = NEW.source_code AND book_id = NEW.book_id)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: REPLACE on statement_line is refused');
END
-- next
CREATE TRIGGER statement_match_no_update BEFORE UPDATE ON statement_match
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: UPDATE on statement_match is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_match_no_delete BEFORE DELETE ON statement_match
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: DELETE on statement_match is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_match_no_replace BEFORE INSERT ON statement_match
WHEN EXISTS (SELECT 1 FROM statement_match WHERE book_id = NEW.book_id AND fact_no = NEW.fact_no)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: REPLACE on statement_match is refused');
END
-- next
CREATE TRIGGER statement_match_line_no_update BEFORE UPDATE ON statement_match_line
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: UPDATE on statement_match_line is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_match_line_no_delete BEFORE DELETE ON statement_match_line
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: DELETE on statement_match_line is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_match_line_no_replace BEFORE INSERT ON statement_match_line
WHEN EXISTS (SELECT 1 FROM statement_match_line WHERE book_id = NEW.book_id AND fact_no = NEW.fact_no AND line_no = NEW.line_no)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: REPLACE on statement_match_line is refused');
END
-- next
CREATE TRIGGER statement_match_posting_no_update BEFORE UPDATE ON statement_match_posting
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: UPDATE on statement_match_posting is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_match_posting_no_delete BEFORE DELETE ON statement_match_posting
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: DELETE on statement_match_posting is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_match_posting_no_replace BEFORE INSERT ON statement_match_posting
WHEN EXISTS (SELECT 1 FROM statement_match_posting WHERE book_id = NEW.book_id AND fact_no = NEW.fact_no AND seq = NEW.seq AND line = NEW.line)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: REPLACE on statement_match_posting is refused');
END
-- next
CREATE TRIGGER statement_undo_no_update BEFORE UPDATE ON statement_undo
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: UPDATE on statement_undo is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_undo_no_delete BEFORE DELETE ON statement_undo
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: DELETE on statement_undo is refused; a correction is a further row');
END
-- next
CREATE TRIGGER statement_undo_no_replace BEFORE INSERT ON statement_undo
WHEN EXISTS (SELECT 1 FROM statement_undo WHERE book_id = NEW.book_id AND fact_no = NEW.fact_no)
    OR EXISTS (SELECT 1 FROM statement_undo WHERE match_fact_no = NEW.match_fact_no AND book_id = NEW.book_id)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: REPLACE on statement_undo is refused');
END
-- next
CREATE TRIGGER balance_assertion_no_update BEFORE UPDATE ON balance_assertion
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: UPDATE on balance_assertion is refused; a correction is a further row');
END
-- next
CREATE TRIGGER balance_assertion_no_delete BEFORE DELETE ON balance_assertion
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: DELETE on balance_assertion is refused; a correction is a further row');
END
-- next
CREATE TRIGGER balance_assertion_no_replace BEFORE INSERT ON balance_assertion
WHEN EXISTS (SELECT 1 FROM balance_assertion WHERE book_id = NEW.book_id AND fact_no = NEW.fact_no)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: REPLACE on balance_assertion is refused');
END
-- next
CREATE TRIGGER balance_check_no_update BEFORE UPDATE ON balance_check
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: UPDATE on balance_check is refused; a correction is a further row');
END
-- next
CREATE TRIGGER balance_check_no_delete BEFORE DELETE ON balance_check
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: DELETE on balance_check is refused; a correction is a further row');
END
-- next
CREATE TRIGGER balance_check_no_replace BEFORE INSERT ON balance_check
WHEN EXISTS (SELECT 1 FROM balance_check WHERE book_id = NEW.book_id AND fact_no = NEW.fact_no)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.append_only: REPLACE on balance_check is refused');
END
-- next
CREATE TRIGGER statement_match_line_once BEFORE INSERT ON statement_match_line
WHEN EXISTS (
    SELECT 1 FROM statement_match_line m WHERE m.book_id = NEW.book_id AND m.line_no = NEW.line_no
    AND NOT EXISTS (SELECT 1 FROM statement_undo u WHERE u.book_id = m.book_id AND u.match_fact_no = m.fact_no)
)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.matched: it stands in another match; undo that one first');
END
-- next
CREATE TRIGGER statement_match_posting_once BEFORE INSERT ON statement_match_posting
WHEN EXISTS (
    SELECT 1 FROM statement_match_posting m WHERE m.book_id = NEW.book_id AND m.seq = NEW.seq AND m.line = NEW.line
    AND NOT EXISTS (SELECT 1 FROM statement_undo u WHERE u.book_id = m.book_id AND u.match_fact_no = m.fact_no)
)
BEGIN
    SELECT RAISE(ABORT, 'reconciliation.matched: it stands in another match; undo that one first');
END
