"""Steps from each schema to the next, by Alembic; applied when the store opens."""
