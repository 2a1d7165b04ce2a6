-- Facts are only ever added. The insert guards stop INSERT OR REPLACE, which deletes without firing a delete trigger while a
-- connection's recursive_triggers is off.
CREATE TRIGGER trading_proposal_no_update BEFORE UPDATE ON trading_proposal
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: UPDATE on trading_proposal is refused; add a row instead');
END
-- next
CREATE TRIGGER trading_proposal_no_delete BEFORE DELETE ON trading_proposal
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: DELETE on trading_proposal is refused; add a row instead');
END
-- next
CREATE TRIGGER trading_proposal_no_replace BEFORE INSERT ON trading_proposal
WHEN EXISTS (SELECT 1 FROM trading_proposal WHERE book_id = NEW.book_id AND proposal_id = NEW.proposal_id)
    OR EXISTS (SELECT 1 FROM trading_proposal WHERE organisation_id = NEW.organisation_id AND proposal_id = NEW.proposal_id)
    OR EXISTS (SELECT 1 FROM trading_proposal WHERE book_id = NEW.book_id AND kind = NEW.kind AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: REPLACE on trading_proposal is refused');
END
-- next
CREATE TRIGGER trading_step_no_update BEFORE UPDATE ON trading_step
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: UPDATE on trading_step is refused; add a row instead');
END
-- next
CREATE TRIGGER trading_step_no_delete BEFORE DELETE ON trading_step
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: DELETE on trading_step is refused; add a row instead');
END
-- next
CREATE TRIGGER trading_step_no_replace BEFORE INSERT ON trading_step
WHEN EXISTS (SELECT 1 FROM trading_step WHERE book_id = NEW.book_id AND proposal_id = NEW.proposal_id AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM trading_step WHERE book_id = NEW.book_id AND proposal_id = NEW.proposal_id AND step_key = NEW.step_key)
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: REPLACE on trading_step is refused');
END
-- next
CREATE TRIGGER order_fill_no_update BEFORE UPDATE ON order_fill
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: UPDATE on order_fill is refused; add a row instead');
END
-- next
CREATE TRIGGER order_fill_no_delete BEFORE DELETE ON order_fill
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: DELETE on order_fill is refused; add a row instead');
END
-- next
CREATE TRIGGER order_fill_no_replace BEFORE INSERT ON order_fill
WHEN EXISTS (SELECT 1 FROM order_fill WHERE book_id = NEW.book_id AND proposal_id = NEW.proposal_id AND fill_ref = NEW.fill_ref)
    OR EXISTS (SELECT 1 FROM order_fill WHERE book_id = NEW.book_id AND proposal_id = NEW.proposal_id AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM order_fill WHERE book_id = NEW.book_id AND proposal_id = NEW.proposal_id AND corrects = NEW.corrects)
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: REPLACE on order_fill is refused');
END
-- next
CREATE TRIGGER order_settlement_no_update BEFORE UPDATE ON order_settlement
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: UPDATE on order_settlement is refused; add a row instead');
END
-- next
CREATE TRIGGER order_settlement_no_delete BEFORE DELETE ON order_settlement
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: DELETE on order_settlement is refused; add a row instead');
END
-- next
CREATE TRIGGER order_settlement_no_replace BEFORE INSERT ON order_settlement
WHEN EXISTS (SELECT 1 FROM order_settlement WHERE book_id = NEW.book_id AND proposal_id = NEW.proposal_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'trading.append_only: REPLACE on order_settlement is refused');
END
-- next
CREATE TRIGGER trading_step_placed_approved BEFORE INSERT ON trading_step
WHEN NEW.what = 'placed' AND (
    SELECT count(DISTINCT s.actor_id) FROM trading_step s
    WHERE s.book_id = NEW.book_id AND s.proposal_id = NEW.proposal_id AND s.what = 'approved'
) < (SELECT p.approvals_needed FROM trading_proposal p WHERE p.book_id = NEW.book_id AND p.proposal_id = NEW.proposal_id)
BEGIN
    SELECT RAISE(ABORT, 'trading.not_approved: an order goes out when others than its maker have approved it');
END
-- next
CREATE TRIGGER order_fill_placed BEFORE INSERT ON order_fill
WHEN NOT EXISTS (SELECT 1 FROM trading_step s WHERE s.book_id = NEW.book_id AND s.proposal_id = NEW.proposal_id AND s.what = 'placed')
    OR (NEW.correction_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM trading_step s WHERE s.book_id = NEW.book_id AND s.proposal_id = NEW.correction_id AND s.what = 'approved'))
BEGIN
    SELECT RAISE(ABORT, 'trading.not_placed: only a placed order is dealt, and only an approved correction changes it');
END
