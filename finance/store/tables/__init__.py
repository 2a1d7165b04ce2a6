"""Finance tables, one module a room of the house; private to the store."""
