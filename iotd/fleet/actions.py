"""One thing done to many boards: each has its own result, and its own line in the audit."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Mapping, Sequence

from sqlalchemy import Connection
from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults
from twisted.logger import Logger

from iotd.accounts.records import write_audit
from iotd.accounts.shared import to_its_end
from iotd.devices.model import check_place
from iotd.errors import Conflict, Invalid, IotdError
from iotd.fleet.service import Fleet

AT_ONCE = 50  # boards whose changes share a commit
FAILED = "The server failed on this one. Its log says why; try again."


class Actions:
    """What a person may do to many boards at once."""

    _log = Logger()

    def __init__(self, fleet: Fleet) -> None:
        self._fleet, self._registry = fleet, fleet.registry

    @to_its_end
    async def act(
        self, action: str, ids: Sequence[str], by: str, command: str | None, place: str | None
    ) -> Sequence[dict[str, Any]]:
        """``{"id","ok","error"}`` for each, in order. Invalid when the action lacks its word."""
        ids = list(dict.fromkeys(ids))
        if action == "update":
            errors = await self._update(ids, by)
        else:
            errors = await self._each(self._work(action, by, command, place), ids)
        return [{"id": id, "ok": errors[id] is None, "error": errors[id]} for id in ids]

    def _work(
        self, action: str, by: str, command: str | None, place: str | None
    ) -> Callable[[str], Awaitable[Any]]:
        if action == "command" and not command:
            raise Invalid("Say which command.", "command")
        if action == "place" and place is None:
            raise Invalid("Say which place; an empty text takes it away.", "place")
        check_place(place)
        registry = self._registry
        does: Mapping[str, Callable[[str], Awaitable[Any]]] = {
            "approve": lambda id: registry.approve(id, by=by),
            "revoke": lambda id: registry.revoke(id, by),
            "remove": lambda id: registry.remove(id, by),
            "command": lambda id: registry.command(id, command or "", by),
            "place": lambda id: registry.change(id, {"place": place}, by),
        }
        return does[action]

    async def _each(
        self, work: Callable[[str], Awaitable[Any]], ids: Sequence[str]
    ) -> dict[str, str | None]:
        turns = DeferredSemaphore(AT_ONCE)
        tried = [turns.run(self._try, work, id) for id in ids]
        return dict(zip(ids, await gatherResults(tried)))

    def _try(self, work: Callable[[str], Awaitable[Any]], id: str) -> Deferred[str | None]:
        return Deferred.fromCoroutine(self._tried(work, id))

    async def _tried(self, work: Callable[[str], Awaitable[Any]], id: str) -> str | None:
        try:
            await work(id)
        except IotdError as fault:
            return str(fault)
        except Exception:
            self._log.failure("an action on {id} failed", id=id)
            return FAILED
        return None

    async def _update(self, ids: Sequence[str], by: str) -> dict[str, str | None]:
        """One update of all that can take it; the others say why not."""
        if self._fleet.updater is None:
            raise Conflict("There is no firmware to update boards with.")
        errors: dict[str, str | None] = dict.fromkeys(ids)
        for _ in range(2):
            good = [id for id in ids if errors[id] is None]
            refused = await self._updated(good, by) if good else {}
            errors.update(refused)
            if not refused:
                break
        return errors

    async def _updated(self, ids: Sequence[str], by: str) -> dict[str, str]:
        """Begin it; the reasons of those that keep it from beginning, none when it began."""
        assert self._fleet.updater is not None
        try:
            await self._fleet.updater(ids, by)
        except IotdError as fault:
            return dict(fault.extra.get("refused") or dict.fromkeys(ids, str(fault)))
        await self._fleet.store.run(_write_updates, self._fleet.now(), by, ids)
        return {}


def _write_updates(connection: Connection, at: float, by: str, ids: Sequence[str]) -> None:
    for id in ids:
        write_audit(connection, at, by, "update device", id)
