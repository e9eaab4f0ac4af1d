"""Accounts, devices and cameras."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iotd.store.migrations.steps import ID, OPTIONS, PLAIN, TIME, index

revision = "0001"
down_revision = None


def upgrade() -> None:
    _people()
    _traces()
    _things()


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("totp_sealed", sa.Text),
        sa.Column("totp_pending_sealed", sa.Text),
        sa.Column("totp_last_step", sa.BigInteger),
        sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_login_at", TIME),
        sa.UniqueConstraint("name"),
        **OPTIONS,
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used_at", TIME),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        **OPTIONS,
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("agent", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        **PLAIN,
    )
    op.create_table(
        "tokens",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("last_used_at", TIME),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("secret_hash"),
        **OPTIONS,
    )


def _traces() -> None:
    op.create_table(
        "login_attempts",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        **OPTIONS,
    )
    index("login_attempts", ["account", "at"])
    index("login_attempts", ["address", "at"])
    op.create_table(
        "audit",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        **OPTIONS,
    )
    index("audit", ["at"])


def _things() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("approval", sa.String(16), nullable=False),
        sa.Column("address", sa.String(64)),
        sa.Column("wire", sa.String(8), nullable=False),
        sa.Column("key_sealed", sa.Text),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME),
        sa.Column("rssi", sa.Integer),
        sa.Column("firmware", sa.String(64)),
        sa.Column("patient", sa.String(40)),
        sa.Column("camera", sa.String(64)),
        **PLAIN,
    )
    op.create_table(
        "cameras",
        sa.Column("device_id", sa.String(64), primary_key=True),
        sa.Column("started", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], ondelete="CASCADE"),
        **PLAIN,
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        **PLAIN,
    )
