-- Functions outlive the tables whose triggers called them.
DROP FUNCTION tonne_refuse_checkpoint_change
-- next
DROP FUNCTION tonne_checkpoint_order
