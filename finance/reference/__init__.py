"""Reference rows as CSV files: factors, methodologies and rules, each with effective interval, source and status."""
