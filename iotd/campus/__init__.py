"""Campus: sightings of students at gates become movements, a headcount, statistics."""
