"""What it is worth, what is owed, what was proven: emissions, markets, KPIs, loans, attestations, compliance."""
