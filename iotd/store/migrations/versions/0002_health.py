"""Patients, readings and what is computed of them."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """No table yet."""
