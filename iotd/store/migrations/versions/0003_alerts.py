"""Alert rules, alerts and what is still to be delivered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iotd.store.migrations.steps import PLAIN, TIME, index

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _rules()
    _alerts()
    _outbox()


def _rules() -> None:
    op.create_table(
        "alert_rules",
        sa.Column("patient", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(24), primary_key=True),
        sa.Column("fields", sa.Text, nullable=False),
        **PLAIN,
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("patient", sa.String(40)),
        sa.Column("device", sa.String(64)),
        sa.Column("cause", sa.String(24), nullable=False),
        sa.Column("vital", sa.String(24)),
        sa.Column("value", sa.Double),
        sa.Column("unit", sa.String(16)),
        sa.Column("text", sa.String(255), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("holds", sa.Boolean, nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("ended_by", sa.String(64)),
        sa.Column("acknowledged_by", sa.String(64)),
        sa.Column("acknowledged_at", TIME),
        sa.Column("snoozed_until", TIME),
        sa.Column("undelivered", sa.Integer, nullable=False),
        **PLAIN,
    )
    index("alerts", ["patient", "id"])
    index("alerts", ["state"])
    index("alerts", ["decided_at"])


def _outbox() -> None:
    op.create_table(
        "alert_outbox",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("alert", sa.String(32), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("target", sa.String(255), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("error", sa.String(255), nullable=False),
        **PLAIN,
    )
    index("alert_outbox", ["alert"])
    index("alert_outbox", ["state"])
