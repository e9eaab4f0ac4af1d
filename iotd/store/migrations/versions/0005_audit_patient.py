"""Whose health a line of the audit is about."""

from __future__ import annotations

import sqlalchemy as sa

from iotd.store.migrations.steps import column, index

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    column("audit", sa.Column("patient", sa.String(40)))
    index("audit", ["patient"])
