"""Orders, counterparties, limits, settlement and carbon-finance contracts: what may be dealt, with whom and how far."""
