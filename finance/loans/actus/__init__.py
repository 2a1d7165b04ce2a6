"""Evaluates loans written in the terms of the ACTUS standard to the events and cash flows those terms promise."""
