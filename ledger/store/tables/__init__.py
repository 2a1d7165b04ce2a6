"""The ledger's tables, private to its store: facts that are only ever added, and projections that are rebuilt from them."""
