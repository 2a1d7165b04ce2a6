"""The example smelter, from its files to the whole chain: loaded once into a database, then read back and shown."""
