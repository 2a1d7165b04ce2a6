"""What a loan's sustainability KPI is, whether a verified year met its target, and where its test period stands."""
