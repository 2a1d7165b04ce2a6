"""Answers to single questions: each calculator reads decimal strings and gives a result, its formula and its sources."""
