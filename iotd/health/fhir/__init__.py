"""A patient as a FHIR R4 Bundle, out and in."""
