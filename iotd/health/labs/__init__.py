"""Laboratory results: what was measured, in which unit, and what is usual."""
