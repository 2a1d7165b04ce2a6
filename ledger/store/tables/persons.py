"""Personal data kept apart from facts: salt and content behind a commitment, erasable."""
