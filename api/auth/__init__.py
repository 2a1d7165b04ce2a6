"""Who calls, what each route asks of a caller, and which records a caller may see."""
