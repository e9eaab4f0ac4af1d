"""Cabinets, their door cycles, pictures, items and stock."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGBLOB

from iotd.store.migrations.steps import ID, OPTIONS, PLAIN, TIME, index

revision = "0004"
down_revision = "0003"

BLOB = sa.LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")


def upgrade() -> None:
    _cycles()
    _pictures()
    _shelf()
    _changes()


def _of(table: str, column: str = "cabinet", key: str = "device_id") -> Any:
    return sa.ForeignKeyConstraint([column], [f"{table}.{key}"], ondelete="CASCADE")


def _cycles() -> None:
    op.create_table(
        "cabinets",
        sa.Column("device_id", sa.String(64), primary_key=True),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("due", TIME),
        sa.Column("door", sa.String(8), nullable=False),
        sa.Column("lights", sa.String(8), nullable=False),
        sa.Column("owes", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("weight_g", TIME),
        sa.Column("visit_id", sa.BigInteger),
        _of("devices", "device_id", "id"),
        **PLAIN,
    )
    op.create_table(
        "cabinet_visits",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("cabinet", sa.String(64), nullable=False),
        sa.Column("opened_at", TIME),
        sa.Column("before_g", TIME),
        sa.Column("closed_at", TIME),
        sa.Column("after_g", TIME),
        sa.Column("taken_g", TIME),
        sa.Column("picture_id", sa.BigInteger),
        sa.Column("changes", sa.Text),
        sa.Column("lights_off_at", TIME),
        sa.Column("outcome", sa.String(255), nullable=False),
        _of("cabinets"),
        **OPTIONS,
    )
    index("cabinet_visits", ["cabinet", "id"])


def _pictures() -> None:
    op.create_table(
        "cabinet_pictures",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("cabinet", sa.String(64), nullable=False),
        sa.Column("camera", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("jpeg", BLOB, nullable=False),
        sa.Column("counted", sa.String(16), nullable=False),
        sa.Column("note", sa.String(255), nullable=False),
        sa.Column("boxes", sa.Text),
        sa.Column("seconds", TIME),
        _of("cabinets"),
        **OPTIONS,
    )
    index("cabinet_pictures", ["cabinet", "id"])
    index("cabinet_pictures", ["cabinet", "at"])


def _shelf() -> None:
    op.create_table(
        "cabinet_items",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("cabinet", sa.String(64), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("low_at", sa.Integer),
        sa.Column("barcode", sa.String(64)),
        sa.Column("count", sa.Integer),
        sa.Column("count_from", sa.String(16)),
        sa.Column("count_at", TIME),
        sa.Column("checked_at", TIME),
        sa.Column("provisional", sa.Integer),
        sa.Column("provisional_picture", sa.BigInteger),
        sa.Column("ignored", sa.Integer),
        sa.Column("low", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("told", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("cabinet", "name"),
        _of("cabinets"),
        **OPTIONS,
    )
    op.create_table(
        "cabinet_photos",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("weak", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("jpeg", BLOB, nullable=False),
        _of("cabinet_items", "item_id", "id"),
        **OPTIONS,
    )
    index("cabinet_photos", ["item_id"])


def _changes() -> None:
    # no key to the item: what was counted stays told when the item is gone
    op.create_table(
        "cabinet_changes",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("cabinet", sa.String(64), nullable=False),
        sa.Column("item_id", sa.BigInteger, nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("before", sa.Integer),
        sa.Column("after", sa.Integer),
        sa.Column("picture_id", sa.BigInteger),
        sa.Column("undoes", sa.BigInteger),
        _of("cabinets"),
        **OPTIONS,
    )
    index("cabinet_changes", ["cabinet", "id"])
    index("cabinet_changes", ["item_id", "id"])
