"""Every entry point: HTTP routes, the command line, who may do what, and how each refusal is told."""
