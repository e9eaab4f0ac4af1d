"""Cabinets, their door cycles, pictures, items and stock."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """No table yet."""
