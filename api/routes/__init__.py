"""One module per resource; each has a ``routes`` collection that the application finds by itself."""
