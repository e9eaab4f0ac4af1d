"""Alert rules, alerts and what is still to be delivered."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """No table yet."""
