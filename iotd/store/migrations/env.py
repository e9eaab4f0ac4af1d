"""Alembic's way in: runs the steps on the connection that iotd.store.migrate gives it."""

from __future__ import annotations

from alembic import context

from iotd.store.metadata import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
