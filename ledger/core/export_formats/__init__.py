"""How a book is spelled for other programs: Beancount, hledger, JSON Lines of facts, and tables for spreadsheets; pure text and values."""
