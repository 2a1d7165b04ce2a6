"""How carbon trades become double entries: instruments, chart of accounts, trades, and the only choice of debit and credit."""
