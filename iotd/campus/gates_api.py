"""Gates over HTTP, and how what they say comes in."""

from __future__ import annotations

from typing import Any, Callable

from pydantic import BaseModel, ConfigDict, Field

from iotd.campus.gate_desk import GateDesk
from iotd.site.bodies import Strict
from iotd.site.paging import TextPaging, page_of
from iotd.site.routes import Call, route


class Setting(Strict):
    """What of a gate a person may set; what is left out stays, null is the default."""

    min_rssi: int | None = Field(
        None, ge=-127, le=0, description="the weakest signal that counts, in dBm"
    )


class FaultOut(BaseModel):
    """Something that could not be taken, and what it looked like (addresses masked)."""

    at: str
    reason: str
    sample: str


class GapOut(BaseModel):
    """Numbers that are missing of one boot, and how often the gate was asked for them."""

    boot: str
    # "from" is a word of Python
    model_config = ConfigDict(populate_by_name=True)
    first: int = Field(alias="from")
    to: int
    asked: int


class BootOut(BaseModel):
    """The lowest and highest number heard of one boot."""

    boot: str
    first: int | None
    last: int | None


class GateOut(BaseModel):
    """A gate; its counts are since the daemon was started."""

    id: str
    name: str
    state: str
    connected: bool
    keyed: bool
    last_seen: str | None
    waits_because: str | None
    protected: bool
    why_unprotected: str | None
    direction: str | None
    messages: int
    messages_per_minute: int
    faults: int
    recent_faults: list[FaultOut]
    dropped: int
    duplicates: int
    below_floor: int
    strangers: int
    skewed: int
    no_clock: int
    gaps: list[GapOut]
    lost: int
    replays: int
    boots: list[BootOut]
    min_rssi: int | None
    default_min_rssi: int


class GateList(BaseModel):
    """A page of gates."""

    items: list[GateOut]
    next: str | None


class SpoolOut(BaseModel):
    """What is safe on this machine's disk and waits for the store; rates of the last minute."""

    bytes: int
    batches: int
    messages: int
    oldest_age_seconds: float | None
    messages_per_second: float
    applied_per_second: float


class BrokerOut(BaseModel):
    """The broker; ``why`` when it is not connected, ``warnings`` say what it can lose."""

    kind: str
    connected: bool
    since: str | None
    why: str | None
    warnings: list[str]


class IntakeOut(BaseModel):
    """The way of messages from the broker to the store."""

    spool: SpoolOut
    broker: BrokerOut


class GatesApi:
    """Routes of gates; ``intake()`` gives what IntakeOut shows."""

    def __init__(self, desk: GateDesk, intake: Callable[[], dict[str, Any]]) -> None:
        self._desk, self._intake = desk, intake

    @route("GET", "/api/v1/campus/gates", query=TextPaging, answer=GateList)
    async def list_gates(self, call: Call) -> dict[str, Any]:
        """Every gate, by id, also those that wait or were revoked."""
        return page_of(self._desk.list(), call)

    @route("GET", "/api/v1/campus/gates/<id>", answer=GateOut)
    async def get_gate(self, call: Call, id: str) -> dict[str, Any]:
        """One gate."""
        return self._desk.get(id)

    @route("PATCH", "/api/v1/campus/gates/<id>", body=Setting, answer=GateOut)
    async def change_gate(self, call: Call, id: str) -> dict[str, Any]:
        """Set the weakest signal that counts at this gate."""
        if "min_rssi" not in call.body.model_fields_set:
            return self._desk.get(id)
        return await self._desk.set_floor(id, call.body.min_rssi, call.who.name)

    @route("GET", "/api/v1/campus/intake", answer=IntakeOut)
    async def get_intake(self, call: Call) -> dict[str, Any]:
        """What waits for the store, how fast it comes and goes, and how the broker does."""
        return self._intake()
