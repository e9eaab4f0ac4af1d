"""The report of a patient as PDF, made in a process of its own."""
