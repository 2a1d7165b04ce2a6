"""Printed documents: what an answer says, set on paper with its day, record point, tree root and sources."""
