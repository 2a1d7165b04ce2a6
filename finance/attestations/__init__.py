"""What an assessor stated about a KPI, under which key it was signed, and whether it may carry a rate step."""
