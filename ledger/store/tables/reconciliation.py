"""Statements of banks and registries, their lines, matches with postings, breaks and balance assertions."""
