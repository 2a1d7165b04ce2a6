"""Facility terms as signed, their schedule, the KPI ratchet, exact accrual and the decisions that set the rate."""
