"""Conventions every calculation shares: rates, day counts, calendars, rounding steps, text fields, explanations."""
