"""What was emitted: versioned factor sets and methodologies, and activity figures as emissions and intensity."""
