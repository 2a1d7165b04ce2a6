"""One reader per source: fetch bytes, refuse what is not the source's format, and return observations."""
