"""Consent: who may see which sections of a patient, and until when."""
