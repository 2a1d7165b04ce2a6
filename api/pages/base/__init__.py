"""What every page stands on: declaration, language, formats, templates, static files and the answers to errors."""
