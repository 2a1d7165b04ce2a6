"""What to do next: comparisons of green power, allowances and reductions on one price scale."""
