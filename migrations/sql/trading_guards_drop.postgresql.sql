DROP TRIGGER trading_proposal_append_only ON trading_proposal
-- next
DROP TRIGGER trading_proposal_no_truncate ON trading_proposal
-- next
DROP TRIGGER trading_step_append_only ON trading_step
-- next
DROP TRIGGER trading_step_no_truncate ON trading_step
-- next
DROP TRIGGER order_fill_append_only ON order_fill
-- next
DROP TRIGGER order_fill_no_truncate ON order_fill
-- next
DROP TRIGGER order_settlement_append_only ON order_settlement
-- next
DROP TRIGGER order_settlement_no_truncate ON order_settlement
-- next
DROP TRIGGER trading_step_placed_approved ON trading_step
-- next
DROP TRIGGER order_fill_placed ON order_fill
-- next
DROP FUNCTION tonne_refuse_trading_change
-- next
DROP FUNCTION tonne_order_is_approved
-- next
DROP FUNCTION tonne_order_is_placed
