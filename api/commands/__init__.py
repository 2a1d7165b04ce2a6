"""One module per sub-command of ``tonne``; each has a ``register`` function that the command line finds by itself."""
