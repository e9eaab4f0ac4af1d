"""Habits: what a person wants to do each day or week, and did."""
