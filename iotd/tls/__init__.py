"""A certificate authority of the site's own, and listeners that take new certificates."""
