"""Vitals of patients: readings, their quality, alerts, and who may see them."""
