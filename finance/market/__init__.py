"""What a carbon position is worth: observations, marks and their state, frozen snapshots, valuation per lot."""
