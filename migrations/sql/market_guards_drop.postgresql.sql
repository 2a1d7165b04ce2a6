-- Functions outlive the tables whose triggers called them.
DROP FUNCTION tonne_refuse_market_change
