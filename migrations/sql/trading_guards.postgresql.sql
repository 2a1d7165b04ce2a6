-- Facts are only ever added: no UPDATE, no DELETE, no TRUNCATE.
CREATE FUNCTION tonne_refuse_trading_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'trading.append_only: % on % is refused; add a row instead', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
-- next
CREATE TRIGGER trading_proposal_append_only BEFORE UPDATE OR DELETE ON trading_proposal
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_trading_change()
-- next
CREATE TRIGGER trading_proposal_no_truncate BEFORE TRUNCATE ON trading_proposal
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_trading_change()
-- next
CREATE TRIGGER trading_step_append_only BEFORE UPDATE OR DELETE ON trading_step
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_trading_change()
-- next
CREATE TRIGGER trading_step_no_truncate BEFORE TRUNCATE ON trading_step
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_trading_change()
-- next
CREATE TRIGGER order_fill_append_only BEFORE UPDATE OR DELETE ON order_fill
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_trading_change()
-- next
CREATE TRIGGER order_fill_no_truncate BEFORE TRUNCATE ON order_fill
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_trading_change()
-- next
CREATE TRIGGER order_settlement_append_only BEFORE UPDATE OR DELETE ON order_settlement
FOR EACH ROW EXECUTE FUNCTION tonne_refuse_trading_change()
-- next
CREATE TRIGGER order_settlement_no_truncate BEFORE TRUNCATE ON order_settlement
FOR EACH STATEMENT EXECUTE FUNCTION tonne_refuse_trading_change()
-- next
CREATE FUNCTION tonne_order_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(DISTINCT s.actor_id) FROM trading_step s
        WHERE s.book_id = NEW.book_id AND s.proposal_id = NEW.proposal_id AND s.what = 'approved')
       < (SELECT p.approvals_needed FROM trading_proposal p
          WHERE p.book_id = NEW.book_id AND p.proposal_id = NEW.proposal_id) THEN
        RAISE EXCEPTION 'trading.not_approved: an order goes out when others than its maker have approved it'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER trading_step_placed_approved BEFORE INSERT ON trading_step
FOR EACH ROW WHEN (NEW.what = 'placed') EXECUTE FUNCTION tonne_order_is_approved()
-- next
CREATE FUNCTION tonne_order_is_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM trading_step s
                   WHERE s.book_id = NEW.book_id AND s.proposal_id = NEW.proposal_id AND s.what = 'placed')
       OR (NEW.correction_id IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM trading_step s
           WHERE s.book_id = NEW.book_id AND s.proposal_id = NEW.correction_id AND s.what = 'approved')) THEN
        RAISE EXCEPTION 'trading.not_placed: only a placed order is dealt, and only an approved correction changes it'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
-- next
CREATE TRIGGER order_fill_placed BEFORE INSERT ON order_fill
FOR EACH ROW EXECUTE FUNCTION tonne_order_is_placed()
