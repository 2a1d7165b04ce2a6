"""SQL of the ledger: loads state, writes sets of rows, reads reports; takes a session and never commits."""
