"""Files that people fill in: their templates, their reading in a limited child process, their preview and import."""
