"""A file of students on its way into the register: looked at, judged, then taken whole."""

from __future__ import annotations

from typing import Any, Callable

from twisted.internet.defer import Deferred

from iotd.campus.register import Audited, Edit, Register
from iotd.campus.register_csv import Sheet
from iotd.campus.register_plan import Plan
from iotd.errors import Conflict

InThread = Callable[..., Deferred[Any]]


class Imports:
    """One import at a time; ``progress`` says how far it is.

    What takes long runs in a thread of ``in_thread`` or the store's: a file of 20,000
    students is in the register within a second or two.
    """

    def __init__(self, register: Register, in_thread: InThread) -> None:
        self._register, self._in_thread = register, in_thread
        self._rest()

    def _rest(self) -> None:
        self.progress: dict[str, Any] = {"phase": "none", "done": 0, "total": 0}

    def _at(self, phase: str, done: int = 0, total: int = 0) -> None:
        self.progress = {"phase": phase, "done": done, "total": total}

    async def run(self, raw: bytes, preview: bool, by: str, address: str = "") -> dict[str, Any]:
        """What the file did, or would do; with any fault nothing is done. Conflict while
        another import runs."""
        if self.progress["phase"] != "none":
            raise Conflict("Another file is being imported: wait until it is done.")
        self._at("reading")
        try:
            sheet = await self._in_thread(Sheet, raw, self._register.hasher, self._read_so_far)
            plan = await self._judge(sheet, preview, by, address)
        finally:
            self._rest()
        return plan.as_json(applied=not preview and not plan.faults)

    def _read_so_far(self, done: int, total: int) -> None:
        # called in the thread that reads; one assignment is one step
        self._at("reading", done, total)

    async def _judge(self, sheet: Sheet, preview: bool, by: str, address: str) -> Plan:
        register = self._register
        self._at("comparing", 0, len(sheet.rows))
        async with _Turn(register.turn):
            await register.settle_doubt()
            plan: Plan = await self._in_thread(Plan, sheet, register, register.now(), by)
            if not preview and not plan.faults and plan.changes:
                self._at("saving", 0, len(plan.changes))
                await register.carry_out(Edit(plan.changes, _line(plan, by, address)))
        return plan


def _line(plan: Plan, by: str, address: str) -> Audited:
    detail = f"{plan.added} added, {plan.changed} changed, {plan.macs} MACs"
    return Audited(by, "import students", "campus", detail, address)


class _Turn:
    """``async with`` for a DeferredLock."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *error: object) -> None:
        self._lock.release()
