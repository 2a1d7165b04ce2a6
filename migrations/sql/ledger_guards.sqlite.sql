-- Facts are only ever added. The insert guards stop INSERT OR REPLACE, which deletes without firing a delete trigger while a
-- connection's recursive_triggers is off.
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: UPDATE on entry is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on entry is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER entry_no_replace BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE entry_id = NEW.entry_id AND book_id = NEW.book_id)
    OR (NEW.reverses_seq IS NOT NULL
        AND EXISTS (SELECT 1 FROM entry WHERE book_id = NEW.book_id AND reverses_seq = NEW.reverses_seq))
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: REPLACE on entry is refused');
END
-- next
CREATE TRIGGER posting_no_update BEFORE UPDATE ON posting
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: UPDATE on posting is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER posting_no_delete BEFORE DELETE ON posting
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on posting is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER lot_no_update BEFORE UPDATE ON lot
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: UPDATE on lot is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER lot_no_delete BEFORE DELETE ON lot
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on lot is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER lot_no_replace BEFORE INSERT ON lot
WHEN EXISTS (SELECT 1 FROM lot WHERE book_id = NEW.book_id AND lot_id = NEW.lot_id)
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: REPLACE on lot is refused');
END
-- next
CREATE TRIGGER lot_move_no_update BEFORE UPDATE ON lot_move
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: UPDATE on lot_move is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER lot_move_no_delete BEFORE DELETE ON lot_move
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on lot_move is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER lot_move_no_replace BEFORE INSERT ON lot_move
WHEN EXISTS (SELECT 1 FROM lot_move WHERE book_id = NEW.book_id AND seq = NEW.seq AND line = NEW.line AND lot_id = NEW.lot_id)
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: REPLACE on lot_move is refused');
END
-- next
CREATE TRIGGER hold_no_update BEFORE UPDATE ON hold
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: UPDATE on hold is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER hold_no_delete BEFORE DELETE ON hold
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on hold is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER hold_no_replace BEFORE INSERT ON hold
WHEN EXISTS (SELECT 1 FROM hold WHERE book_id = NEW.book_id AND hold_id = NEW.hold_id)
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: REPLACE on hold is refused');
END
-- next
CREATE TRIGGER hold_move_no_update BEFORE UPDATE ON hold_move
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: UPDATE on hold_move is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER hold_move_no_delete BEFORE DELETE ON hold_move
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on hold_move is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER hold_move_no_replace BEFORE INSERT ON hold_move
WHEN EXISTS (SELECT 1 FROM hold_move WHERE book_id = NEW.book_id AND seq = NEW.seq AND hold_id = NEW.hold_id AND lot_id = NEW.lot_id)
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: REPLACE on hold_move is refused');
END
-- next
CREATE TRIGGER serial_move_no_update BEFORE UPDATE ON serial_move
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: UPDATE on serial_move is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER serial_move_no_delete BEFORE DELETE ON serial_move
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on serial_move is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER serial_move_no_replace BEFORE INSERT ON serial_move
WHEN EXISTS (SELECT 1 FROM serial_move WHERE book_id = NEW.book_id AND seq = NEW.seq AND line = NEW.line AND lot_id = NEW.lot_id AND prefix = NEW.prefix AND first = NEW.first)
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: REPLACE on serial_move is refused');
END
-- next
-- A unit has one place: ranges of one prefix do not overlap in a book.
CREATE TRIGGER serial_block_apart BEFORE INSERT ON serial_block
WHEN EXISTS (SELECT 1 FROM serial_block WHERE book_id = NEW.book_id AND prefix = NEW.prefix AND first <= NEW.last AND last >= NEW.first)
BEGIN
    SELECT RAISE(ABORT, 'ledger.serial_overlap: units are in two places');
END
-- next
CREATE TRIGGER serial_block_apart_update BEFORE UPDATE ON serial_block
BEGIN
    SELECT RAISE(ABORT, 'ledger.serial_overlap: a range is taken out and put in anew, never moved');
END
-- next
CREATE TRIGGER leaf_no_update BEFORE UPDATE ON leaf
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: UPDATE on leaf is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER leaf_no_delete BEFORE DELETE ON leaf
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on leaf is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER leaf_no_replace BEFORE INSERT ON leaf
WHEN NEW.seq <= (SELECT tree_size FROM book WHERE book_id = NEW.book_id)
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: REPLACE on leaf is refused');
END
-- next
CREATE TRIGGER request_no_update BEFORE UPDATE ON request
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: UPDATE on request is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER request_no_delete BEFORE DELETE ON request
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on request is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER request_no_replace BEFORE INSERT ON request
WHEN EXISTS (SELECT 1 FROM request WHERE book_id = NEW.book_id AND entry_id = NEW.entry_id)
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: REPLACE on request is refused');
END
-- next
CREATE TRIGGER commodity_no_update BEFORE UPDATE ON commodity
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: UPDATE on commodity is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER commodity_no_delete BEFORE DELETE ON commodity
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on commodity is refused; a wrong entry is reversed, never edited');
END
-- next
CREATE TRIGGER commodity_no_replace BEFORE INSERT ON commodity
WHEN EXISTS (SELECT 1 FROM commodity WHERE book_id = NEW.book_id AND commodity_id = NEW.commodity_id) OR EXISTS (SELECT 1 FROM commodity WHERE book_id = NEW.book_id AND code = NEW.code)
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: REPLACE on commodity is refused');
END
-- next
CREATE TRIGGER book_no_delete BEFORE DELETE ON book
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on book is refused');
END
-- next
CREATE TRIGGER account_no_delete BEFORE DELETE ON account
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: DELETE on account is refused');
END
-- next
CREATE TRIGGER book_no_replace BEFORE INSERT ON book
WHEN EXISTS (SELECT 1 FROM book WHERE book_id = NEW.book_id OR book_uuid = NEW.book_uuid
             OR (tenant_id = NEW.tenant_id AND code = NEW.code))
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: REPLACE on book is refused');
END
-- next
CREATE TRIGGER account_no_replace BEFORE INSERT ON account
WHEN EXISTS (SELECT 1 FROM account WHERE book_id = NEW.book_id AND (account_id = NEW.account_id OR path = NEW.path))
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: REPLACE on account is refused');
END
-- next
-- What a book is, the order it has reached and its closed days never change or go back; its tree moves with its order.
CREATE TRIGGER book_identity BEFORE UPDATE ON book
WHEN NEW.book_id IS NOT OLD.book_id OR NEW.book_uuid IS NOT OLD.book_uuid OR NEW.tenant_id IS NOT OLD.tenant_id
    OR NEW.code IS NOT OLD.code OR NEW.functional_currency IS NOT OLD.functional_currency OR NEW.next_seq < OLD.next_seq
    OR NEW.last_recorded_at < OLD.last_recorded_at OR (NEW.next_seq = OLD.next_seq AND NEW.tree_peaks IS NOT OLD.tree_peaks)
    OR (OLD.locked_through IS NOT NULL AND (NEW.locked_through IS NULL OR NEW.locked_through < OLD.locked_through))
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: a book keeps its identity, its order and its closed days');
END
-- next
CREATE TRIGGER account_identity BEFORE UPDATE ON account
WHEN NEW.book_id IS NOT OLD.book_id OR NEW.account_id IS NOT OLD.account_id OR NEW.path IS NOT OLD.path
    OR NEW.type IS NOT OLD.type OR NEW.commodity_id IS NOT OLD.commodity_id OR NEW.lot_method IS NOT OLD.lot_method
    OR NEW.opened_on IS NOT OLD.opened_on
BEGIN
    SELECT RAISE(ABORT, 'ledger.append_only: an account keeps its path, type, commodity and lot method');
END
-- next
-- On this engine the postings come first and the entry row seals them (their foreign key is deferred): it counts the legs, their
-- lines and days and the sum per commodity. An entry, its postings and its leaf come after all that the book counts: nothing
-- joins an entry that stands, nor replaces a part of it.
CREATE TRIGGER posting_not_late BEFORE INSERT ON posting
WHEN NEW.seq <= (SELECT tree_size FROM book WHERE book_id = NEW.book_id)
BEGIN
    SELECT RAISE(ABORT, 'ledger.entry_incomplete: an entry takes no posting after it was sealed');
END
-- next
CREATE TRIGGER entry_seal BEFORE INSERT ON entry
BEGIN
    SELECT CASE
        WHEN count(*) <> NEW.leg_count OR min(line) <> 1 OR max(line) <> NEW.leg_count
            OR min(effective_on) <> NEW.effective_on OR max(effective_on) <> NEW.effective_on
        THEN RAISE(ABORT, 'ledger.entry_incomplete: its legs do not come at once, whole and on its day')
        WHEN min(commodity_id) = max(commodity_id) AND sum(amount) <> 0
        THEN RAISE(ABORT, 'ledger.entry_unbalanced: its legs do not sum to zero per commodity')
        WHEN min(commodity_id) <> max(commodity_id) AND EXISTS (
            SELECT 1 FROM posting WHERE book_id = NEW.book_id AND seq = NEW.seq GROUP BY commodity_id HAVING sum(amount) <> 0)
        THEN RAISE(ABORT, 'ledger.entry_unbalanced: its legs do not sum to zero per commodity')
    END FROM posting WHERE book_id = NEW.book_id AND seq = NEW.seq;
    SELECT CASE
        WHEN NEW.seq <= tree_size THEN RAISE(ABORT, 'ledger.append_only: an entry is added at its book''s end')
        WHEN NEW.effective_on <= locked_through THEN RAISE(ABORT, 'ledger.period_closed: its day is in a closed period')
    END FROM book WHERE book_id = NEW.book_id;
END
