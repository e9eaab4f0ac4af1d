"""One thing done to many boards: each has its own result, and its own line in the audit."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Mapping, Sequence

from sqlalchemy import Connection
from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults
from twisted.logger import Logger

from iotd.accounts.records import write_audit
from iotd.accounts.shared import to_its_end
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
        updater = self._fleet.updater
        if updater is None:
            raise Conflict("There is no firmware to update boards with.")
        errors = {id: self._why_no_update(id) for id in ids}
        good = [id for id in ids if errors[id] is None]
        if good:
            error = await self._tried(lambda _: updater(good, by), "an update")
            if error is None:
                await self._fleet.store.run(_write_updates, self._fleet.now(), by, good)
            errors.update(dict.fromkeys(good, error))
        return errors

    def _why_no_update(self, id: str) -> str | None:
        try:
            device = self._registry.get(id)
        except IotdError as fault:
            return str(fault)
        if device["state"] not in ("online", "offline"):
            return f"{id} is {device['state']}: approve it first."
        if not device["keyed"]:
            return f"{id} has no key: only boards with a key are updated over the air."
        if self._fleet.told_build(id) is None:
            return f"{id} never told which firmware it runs: flash it once by cable."
        return None


def _write_updates(connection: Connection, at: float, by: str, ids: Sequence[str]) -> None:
    for id in ids:
        write_audit(connection, at, by, "update device", id)
