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
    FOREACH fact IN ARRAY ARRAY['entry', 'posting', 'lot', 'lot_move', 'serial_move', 'hold', 'hold_move', 'leaf', 'request', 'commodity'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION tonne_refuse_change()',
                       fact || '_append_only', fact);
    END LOOP;
    FOREACH fact IN ARRAY ARRAY['entry', 'posting', 'lot', 'lot_move', 'serial_move', 'hold', 'hold_move', 'leaf', 'request', 'commodity', 'book', 'account',
                                'balance', 'balance_day', 'lot_position', 'hold_position', 'serial_block'] LOOP
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
-- A row key between hot tables costs as much as the row. Here each statement is judged once, as a set: what its rows name is looked
-- up by primary key, and rows that something names are never deleted. Subqueries that must stay lookups by key say LIMIT 1, so
-- that no plan made for a large batch reads a whole table for a small one.
CREATE FUNCTION tonne_seal_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE broken record;
BEGIN
    -- All legs of an entry come in one statement, numbered 1..leg_count. A later leg would need a line that is taken, so it meets
    -- the primary key or the count.
    SELECT s.book_id, s.seq INTO broken FROM (
        SELECT p.book_id, p.seq, count(*) AS legs, min(p.line) AS first_line, max(p.line) AS last_line,
               min(p.effective_on) AS first_day, max(p.effective_on) AS last_day
        FROM new_postings p GROUP BY p.book_id, p.seq) s
    LEFT JOIN LATERAL (
        SELECT e.leg_count, e.effective_on FROM entry e WHERE e.book_id = s.book_id AND e.seq = s.seq LIMIT 1) e ON true
    WHERE e.leg_count IS NULL OR s.legs <> e.leg_count OR s.first_line <> 1 OR s.last_line <> e.leg_count
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
    SELECT p.book_id, p.account_id INTO broken
    FROM (SELECT DISTINCT n.book_id, n.account_id, n.commodity_id FROM new_postings n) p
    LEFT JOIN LATERAL (
        SELECT a.commodity_id FROM account a WHERE a.book_id = p.book_id AND a.account_id = p.account_id LIMIT 1) a ON true
    WHERE a.commodity_id IS DISTINCT FROM p.commodity_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger.account_unknown: book % account %: no such account of that commodity', broken.book_id, broken.account_id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$
-- next
CREATE TRIGGER posting_seal AFTER INSERT ON posting REFERENCING NEW TABLE AS new_postings
    FOR EACH STATEMENT EXECUTE FUNCTION tonne_seal_postings()
-- next
CREATE FUNCTION tonne_seal_leaves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stray record;
BEGIN
    SELECT l.book_id, l.seq INTO stray FROM new_leaves l
    LEFT JOIN LATERAL (SELECT e.seq FROM entry e WHERE e.book_id = l.book_id AND e.seq = l.seq LIMIT 1) e ON true
    WHERE e.seq IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger.leaf_without_entry: book % seq %: a leaf commits to an entry', stray.book_id, stray.seq
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$
-- next
CREATE TRIGGER leaf_seal AFTER INSERT ON leaf REFERENCING NEW TABLE AS new_leaves
    FOR EACH STATEMENT EXECUTE FUNCTION tonne_seal_leaves()
-- next
-- An entry stands on an open day at or after the place its book has reached. Touching the book takes its lock and has
-- ``book_complete`` look at it when the transaction ends.
CREATE FUNCTION tonne_place_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one record;
    head record;
BEGIN
    FOR one IN SELECT n.book_id, min(n.seq) AS first_seq, min(n.effective_on) AS first_day FROM new_entries n GROUP BY n.book_id LOOP
        UPDATE book b SET next_seq = b.next_seq WHERE b.book_id = one.book_id RETURNING b.next_seq, b.locked_through INTO head;
        IF NOT FOUND OR one.first_seq < head.next_seq THEN
            RAISE EXCEPTION 'ledger.append_only: book % seq %: an entry is added at its book''s end', one.book_id, one.first_seq
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF one.first_day <= head.locked_through THEN
            RAISE EXCEPTION 'ledger.period_closed: book %: % is in a closed period', one.book_id, one.first_day
                USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END $$
-- next
CREATE TRIGGER entry_place AFTER INSERT ON entry REFERENCING NEW TABLE AS new_entries
    FOR EACH STATEMENT EXECUTE FUNCTION tonne_place_entries()
-- next
-- When the transaction ends, the book counts every entry it has, each with all its legs and its leaf: the seals above let legs and
-- leaves in only whole and only for an entry, so counts suffice.
CREATE FUNCTION tonne_complete_book() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entries bigint;
    legs bigint;
BEGIN
    IF NEW.next_seq > OLD.next_seq THEN
        SELECT count(*), sum(e.leg_count) INTO entries, legs FROM entry e
        WHERE e.book_id = NEW.book_id AND e.seq >= OLD.next_seq AND e.seq < NEW.next_seq;
        IF entries <> NEW.next_seq - OLD.next_seq
           OR legs <> (SELECT count(*) FROM posting p WHERE p.book_id = NEW.book_id AND p.seq >= OLD.next_seq AND p.seq < NEW.next_seq)
           OR entries <> (SELECT count(*) FROM leaf l WHERE l.book_id = NEW.book_id AND l.seq >= OLD.next_seq AND l.seq < NEW.next_seq)
        THEN
            RAISE EXCEPTION 'ledger.entry_incomplete: book % from seq %: an entry, a leg or a leaf is missing', NEW.book_id, OLD.next_seq
                USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    IF (SELECT max(e.seq) FROM entry e WHERE e.book_id = NEW.book_id)
       >= (SELECT b.next_seq FROM book b WHERE b.book_id = NEW.book_id) THEN
        RAISE EXCEPTION 'ledger.entry_incomplete: book %: it has an entry that it does not count', NEW.book_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$
-- next
CREATE CONSTRAINT TRIGGER book_complete AFTER UPDATE ON book DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION tonne_complete_book()
-- next
-- A unit has one place: ranges of one prefix do not overlap in a book.
CREATE FUNCTION tonne_guard_serials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM serial_block b WHERE b.book_id = NEW.book_id AND b.prefix = NEW.prefix AND b.first <= NEW.last
               AND b.last >= NEW.first AND b.first <> NEW.first) THEN
        RAISE EXCEPTION 'ledger.serial_overlap: book %: units of % are in two places', NEW.book_id, NEW.prefix
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$
-- next
CREATE TRIGGER serial_block_apart AFTER INSERT OR UPDATE ON serial_block FOR EACH ROW EXECUTE FUNCTION tonne_guard_serials()
