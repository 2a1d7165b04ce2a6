"""Recipes of the finance packages: load, decide in a core, save; each joins its caller's transaction."""
