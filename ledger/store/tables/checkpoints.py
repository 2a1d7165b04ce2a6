"""Signed checkpoints of a book's log, the keys that sign them, and what witnesses added."""
