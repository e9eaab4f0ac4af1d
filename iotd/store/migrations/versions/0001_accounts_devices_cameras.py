"""Accounts, devices and cameras."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME: sa.Double[float] = sa.Double()
# Ids of what was removed are never given out again; MySQL compares as SQLite does.
OPTIONS: dict[str, Any] = {
    "sqlite_autoincrement": True,
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "if_not_exists": True,  # MySQL can't undo half a step, so it must be able to go on
}


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
        **_without_counter(),
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
    _index("login_attempts", ["account", "at"])
    _index("login_attempts", ["address", "at"])
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
    _index("audit", ["at"])


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
        **_without_counter(),
    )
    op.create_table(
        "cameras",
        sa.Column("device_id", sa.String(64), primary_key=True),
        sa.Column("started", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], ondelete="CASCADE"),
        **_without_counter(),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        **_without_counter(),
    )


def _without_counter() -> dict[str, Any]:
    return {key: value for key, value in OPTIONS.items() if key != "sqlite_autoincrement"}


def _index(table: str, columns: list[str]) -> None:
    name = f"ix_{table}_{'_'.join(columns)}"
    present = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}
    if name not in present:
        op.create_index(name, table, columns)
