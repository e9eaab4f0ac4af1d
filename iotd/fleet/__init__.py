"""The boards as a fleet: what they tell of themselves, their history, alarms, many at once."""
