DROP TRIGGER trading_proposal_no_update
-- next
DROP TRIGGER trading_proposal_no_delete
-- next
DROP TRIGGER trading_proposal_no_replace
-- next
DROP TRIGGER trading_step_no_update
-- next
DROP TRIGGER trading_step_no_delete
-- next
DROP TRIGGER trading_step_no_replace
-- next
DROP TRIGGER order_fill_no_update
-- next
DROP TRIGGER order_fill_no_delete
-- next
DROP TRIGGER order_fill_no_replace
-- next
DROP TRIGGER order_settlement_no_update
-- next
DROP TRIGGER order_settlement_no_delete
-- next
DROP TRIGGER order_settlement_no_replace
-- next
DROP TRIGGER trading_step_placed_approved
-- next
DROP TRIGGER order_fill_placed
