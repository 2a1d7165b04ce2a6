"""Organisations, users, API keys and stored answers: their tables and every SQL statement on them."""
