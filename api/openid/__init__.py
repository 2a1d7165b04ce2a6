"""Signing in with an OpenID provider: the conversation with it, what its word is worth, and the session that begins."""
