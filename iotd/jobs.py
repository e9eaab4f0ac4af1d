"""Where the jobs of Health Plus meet: watch, vitals, cabinet, and what it holds."""
