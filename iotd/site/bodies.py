"""What bodies and queries of all rooms have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A body or query in which an unknown key is a mistake worth telling."""

    model_config = ConfigDict(extra="forbid")
