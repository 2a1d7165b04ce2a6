"""What is held, whose it is, how it got there: the double-entry ledger for tonnes and money."""
