-- Facts are only ever added: no UPDATE, no DELETE, no TRUNCATE.
CREATE FUNCTION tonne_refuse_reconciliation_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'reconciliation.append_only: % on % is refused; a correction is a further row', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
-- next
DO $$
DECLARE fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['reconciliation_fact', 'statement_source', 'statement_import', 'statement_line',
                                'statement_match', 'statement_match_line', 'statement_match_posting', 'statement_undo',
                                'balance_assertion', 'balance_check'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_reconciliation_change()',
                       fact || '_append_only', fact);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_reconciliation_change()',
                       fact || '_no_truncate', fact);
    END LOOP;
END $$
-- next
-- The writer holds the book's row, so no other match of the same line can come meanwhile.
CREATE FUNCTION tonne_statement_match_line_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM statement_match_line m WHERE m.book_id = NEW.book_id AND m.line_no = NEW.line_no
        AND NOT EXISTS (SELECT 1 FROM statement_undo u WHERE u.book_id = m.book_id AND u.match_fact_no = m.fact_no)
    ) THEN
        RAISE EXCEPTION 'reconciliation.matched: it stands in another match; undo that one first'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER statement_match_line_once BEFORE INSERT ON statement_match_line
FOR EACH ROW EXECUTE FUNCTION tonne_statement_match_line_once()
-- next
-- The writer holds the book's row, so no other match of the same posting can come meanwhile.
CREATE FUNCTION tonne_statement_match_posting_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM statement_match_posting m WHERE m.book_id = NEW.book_id AND m.seq = NEW.seq AND m.line = NEW.line
        AND NOT EXISTS (SELECT 1 FROM statement_undo u WHERE u.book_id = m.book_id AND u.match_fact_no = m.fact_no)
    ) THEN
        RAISE EXCEPTION 'reconciliation.matched: it stands in another match; undo that one first'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER statement_match_posting_once BEFORE INSERT ON statement_match_posting
FOR EACH ROW EXECUTE FUNCTION tonne_statement_match_posting_once()
