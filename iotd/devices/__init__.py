"""Things: registry, enrolment, keys and presence."""
