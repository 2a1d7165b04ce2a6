"""SQL of the finance packages: takes a session, returns core values, never commits."""
