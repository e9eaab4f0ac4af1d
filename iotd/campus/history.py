"""What of a student is kept outside of the register, taken away when it is erased."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Sequence

from sqlalchemy import Connection
from twisted.internet.defer import Deferred

from iotd.campus.cells import Deltas
from iotd.campus.forwarder import Forwarder
from iotd.campus.movements import Movements
from iotd.campus.spool import Spool


class History:
    """Movements, statistics and the waiting spool; ``forwarder`` is set where a daemon runs."""

    def __init__(
        self, movements: Movements, spool: Path, in_thread: Callable[..., Deferred[Any]]
    ) -> None:
        self.forwarder: Forwarder | None = None
        self._movements, self._spool, self._in_thread = movements, spool, in_thread

    async def forget(self, students: Sequence[int]) -> None:
        """Take them out of what waits to be stored."""
        if self.forwarder is not None:
            await self.forwarder.forget(students)
        elif self._spool.exists():
            await self._in_thread(_forget_in_file, self._spool, students)

    def erase(self, connection: Connection, student: int) -> Deltas:
        """Delete what is stored, inside the transaction."""
        return self._movements.erase(connection, student)

    def erased(self, student: int, result: Deltas) -> None:
        """It is committed."""
        self._movements.erased(student, result)


def _forget_in_file(path: Path, students: Sequence[int]) -> None:
    spool = Spool(path)
    spool.open()
    try:
        spool.forget(students)
    finally:
        spool.close()
