-- Facts are only ever added: no UPDATE, no DELETE, no TRUNCATE.
CREATE FUNCTION tonne_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger.append_only: % on % is refused; a wrong entry is reversed, never edited', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
-- next
DO $$
DECLARE fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY['entry', 'posting', 'lot', 'lot_move', 'leaf', 'request', 'commodity'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_append_only', fact);
    END LOOP;
    FOREACH fact IN ARRAY ARRAY['entry', 'posting', 'lot', 'lot_move', 'leaf', 'request', 'commodity', 'book', 'account', 'balance',
                                'balance_day', 'lot_position'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_no_truncate', fact);
    END LOOP;
END $$
-- next
CREATE TRIGGER book_no_delete BEFORE DELETE ON book FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
CREATE TRIGGER account_no_delete BEFORE DELETE ON account FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()
-- next
-- What a book is, the order it has reached and its closed days never change or go back; its tree moves with its order.
CREATE FUNCTION tonne_guard_book() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ROW(NEW.book_id, NEW.book_uuid, NEW.tenant_id, NEW.code, NEW.functional_currency)
       IS DISTINCT FROM ROW(OLD.book_id, OLD.book_uuid, OLD.tenant_id, OLD.code, OLD.functional_currency)
       OR NEW.next_seq < OLD.next_seq OR NEW.last_recorded_at < OLD.last_recorded_at
       OR (NEW.next_seq = OLD.next_seq AND NEW.tree_peaks <> OLD.tree_peaks)
       OR (OLD.locked_through IS NOT NULL AND (NEW.locked_through IS NULL OR NEW.locked_through < OLD.locked_through)) THEN
        RAISE EXCEPTION 'ledger.append_only: a book keeps its identity, its order and its closed days' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER book_identity BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION tonne_guard_book()
-- next
CREATE FUNCTION tonne_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ROW(NEW.book_id, NEW.account_id, NEW.path, NEW.type, NEW.commodity_id, NEW.lot_method, NEW.opened_on)
       IS DISTINCT FROM ROW(OLD.book_id, OLD.account_id, OLD.path, OLD.type, OLD.commodity_id, OLD.lot_method, OLD.opened_on) THEN
        RAISE EXCEPTION 'ledger.append_only: an account keeps its path, type, commodity and lot method'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER account_identity BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION tonne_guard_account()
-- next
-- All legs of an entry come in one statement, numbered 1..leg_count, and sum to zero per commodity. A later leg would need a
-- line that is taken, so it meets the primary key or the count.
CREATE FUNCTION tonne_seal_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE broken record;
BEGIN
    SELECT s.book_id, s.seq INTO broken FROM (
        SELECT p.book_id, p.seq, count(*) AS legs, min(p.line) AS first_line, max(p.line) AS last_line,
               min(p.effective_on) AS first_day, max(p.effective_on) AS last_day
        FROM new_postings p GROUP BY p.book_id, p.seq) s
    LEFT JOIN entry e ON e.book_id = s.book_id AND e.seq = s.seq
    WHERE e.seq IS NULL OR s.legs <> e.leg_count OR s.first_line <> 1 OR s.last_line <> e.leg_count
          OR s.first_day <> e.effective_on OR s.last_day <> e.effective_on
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger.entry_incomplete: book % seq %: its legs do not come at once, whole and on its day',
            broken.book_id, broken.seq USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT p.book_id, p.seq INTO broken FROM new_postings p
    GROUP BY p.book_id, p.seq, p.commodity_id HAVING sum(p.amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger.entry_unbalanced: book % seq %: its legs do not sum to zero per commodity', broken.book_id, broken.seq
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$
-- next
CREATE TRIGGER posting_seal AFTER INSERT ON posting REFERENCING NEW TABLE AS new_postings
    FOR EACH STATEMENT EXECUTE FUNCTION tonne_seal_postings()
-- next
-- An entry without legs fires no trigger on posting, so its last leg is asked for when the transaction ends.
CREATE FUNCTION tonne_require_legs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM posting p WHERE p.book_id = NEW.book_id AND p.seq = NEW.seq AND p.line = NEW.leg_count) THEN
        RAISE EXCEPTION 'ledger.entry_incomplete: book % seq %: it has no legs', NEW.book_id, NEW.seq
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$
-- next
CREATE CONSTRAINT TRIGGER entry_has_legs AFTER INSERT ON entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION tonne_require_legs()
-- next
CREATE FUNCTION tonne_guard_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE late record;
BEGIN
    SELECT e.book_id, e.seq INTO late FROM new_entries e JOIN book b ON b.book_id = e.book_id
    WHERE e.effective_on <= b.locked_through LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger.period_closed: book % seq %: its day is in a closed period', late.book_id, late.seq
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$
-- next
CREATE TRIGGER entry_period AFTER INSERT ON entry REFERENCING NEW TABLE AS new_entries
    FOR EACH STATEMENT EXECUTE FUNCTION tonne_guard_period()
