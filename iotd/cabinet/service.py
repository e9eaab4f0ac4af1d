"""Cabinets as people and the wires see them: state, shelf, pictures, and what may be asked.

Memory is what the newest commit left: every change is a transaction that gives
back the cabinet as it is then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Iterable, Protocol, Sequence

from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.logger import Logger

from iotd.accounts.records import write_audit
from iotd.bus import AlertWanted, Bus, CabinetChanged
from iotd.cabinet import records, show, stock_records
from iotd.cabinet.boards import Boards
from iotd.cabinet.counting import Counting
from iotd.cabinet.cycle import Cycle
from iotd.cabinet.hearing import Hearing
from iotd.cabinet.known import Known, appear, look_up, then_look_up
from iotd.cabinet.model import Said, State
from iotd.cabinet.stock import NEW_ITEMS, Item
from iotd.devices.model import Device
from iotd.devices.service import Registry
from iotd.errors import Conflict, Hidden, NotFound
from iotd.site.routes import Call, Identity
from iotd.store.engine import Store


class Looks(Protocol):
    """Writes down who looks at what is somebody else's."""

    async def note_thing(
        self, who: Identity, patient: str | None, thing: str, what: str, now: float,
        address: str = "",
    ) -> None:
        """A look at one thing of a patient's."""

    async def note_all(
        self, who: Identity, patients: Iterable[str | None], what: str, now: float,
        address: str = "",
    ) -> None:
        """A look at a list of what is these patients'."""


class Cabinets:
    """Every approved cabinet by its device id.

    ``say(device, word)`` gives a Deferred of whether it was heard and done;
    ``may_see(identity, patient)`` says whose cabinets, which tell of habits, somebody
    may know of.
    """

    _log = Logger()

    def __init__(
        self, *, store: Store, bus: Bus, registry: Registry, clock: Any,
        now: Callable[[], float], say: Callable[[str, str], Deferred[bool]], counter: Any,
        may_see: Callable[[Identity, str | None], bool], looks: Looks,
        in_thread: Callable[..., Deferred[Any]],
        detects: Sequence[str] = (),
    ) -> None:
        self.store, self.clock, self.now, self.in_thread = store, clock, now, in_thread
        self.counter, self.bus = counter, bus
        self.detects = detects  # what a detector of the owner's own knows without photos
        self.boards, self._say, self._may_see = Boards(registry), say, may_see
        self._looks = looks
        self._known: dict[str, Known] = {}
        self._cycles: dict[str, Cycle] = {}
        self._shown: dict[str, dict[str, Any]] = {}
        self._running = False
        self.counting = Counting(self)
        Hearing(self)

    def load(self, connection: Any) -> None:
        """Read all cabinets; at start, before anything connects."""
        for device in self.boards.cabinets():
            appear(connection, device.id)
        self._known = {
            id: look_up(connection, id) for id in records.known_cabinets(connection)
        }

    def start_service(self) -> None:
        """Waits that the last run left go on, and low stock is told again."""
        self._running = True
        for device in self.boards.cabinets():
            self.cycle(device.id).settle()
            self.counting.resume(device.id)
            self.tell_low(device.id)

    def stop_service(self) -> None:
        """No more timers and words; what is being written is written."""
        self._running = False
        for cycle in self._cycles.values():
            cycle.end()
        self.counting.stop()

    def list(self, identity: Identity) -> Sequence[dict[str, Any]]:
        """Every approved cabinet that this person may see, as JSON, by id."""
        return [self.json(d) for d in self.boards.cabinets() if self._may_see(identity, d.patient)]

    async def list_for(self, call: Call) -> Sequence[dict[str, Any]]:
        """The same for a request; that somebody looks at others' is written down."""
        found = self.list(call.who)
        whose = [each["patient"] for each in found]
        await self._looks.note_all(call.who, whose, "list cabinets", call.now, call.address)
        return found

    async def look_at(self, call: Call, id: str) -> Device:
        """The same as ``find`` for a request; a look at somebody else's is written down."""
        device = self.find(call.who, id)
        await self._looks.note_thing(
            call.who, device.patient, id, "view cabinet", call.now, call.address
        )
        return device

    def get(self, identity: Identity, id: str) -> dict[str, Any]:
        """One cabinet as JSON, or NotFound."""
        return self.json(self.find(identity, id))

    def find(self, identity: Identity, id: str) -> Device:
        """An approved cabinet that this person may see; NotFound for anything else."""
        device = self.boards.find(id)
        nothing = f"There is no cabinet {id[:64]!r}."
        if device is None:
            raise NotFound(nothing, "id")
        if not self._may_see(identity, device.patient):
            if device.patient is None:
                raise NotFound(nothing, "id")
            raise Hidden(nothing, "id", device.patient, "habits")
        return device

    def known(self, id: str) -> Known:
        """What memory holds of a cabinet; empty in the moment before its first commit."""
        return self._known.get(id, Known())

    async def look(self, identity: Identity, id: str) -> dict[str, Any]:
        """Ask its camera for a picture; Conflict when there is none, or it is away."""
        device = self.find(identity, id)
        camera = self.boards.camera_of(id)
        if camera is None:
            raise Conflict(show.no_camera(device, self.boards.cameras()), "camera")
        if camera not in self.boards.there:
            raise Conflict(f"The camera {camera} is not connected.", "camera")
        await self._audited(identity, "look into cabinet", id)
        self.counting.fresh(id)
        said = maybeDeferred(self._say, camera, "img")
        if said.called:
            await said  # refused at once: says why
        else:
            said.addErrback(lambda f: self._log.debug("no picture: {why}", why=f.value))
        return self.json(device)

    async def lights(self, identity: Identity, id: str, on: bool) -> dict[str, Any]:
        """Switch the lights, also when they seem right; Conflict when it is not there."""
        self.find(identity, id)
        if id not in self.boards.there:
            raise Conflict(f"The cabinet {id} is not connected.", "id")
        await self._audited(identity, f"cabinet lights {'on' if on else 'off'}", id)
        if not await maybeDeferred(self._say, id, "lon" if on else "lof"):
            why = "its connection ended, its door was closed, or another switch came after this one"
            raise Conflict(f"The cabinet {id} did not take it: {why}.", "id")
        await self.commit(id, records.apply, Said(on), self.now())
        return self.get(identity, id)

    def _audited(self, identity: Identity, action: str, id: str) -> Deferred[Any]:
        def write(connection: Any, at: float) -> None:
            write_audit(connection, at, identity.name, action, id, patient=self.patient_of(id))

        return self.store.run(write, self.now())

    def state(self, id: str) -> State:
        """The cabinet as the newest commit left it."""
        return self.known(id).state

    def patient_of(self, id: str) -> str | None:
        """Whose cabinet it is."""
        device = self.boards.find(id)
        return device.patient if device is not None else None

    def camera_of(self, id: str) -> str | None:
        """The camera that sees into this cabinet."""
        return self.boards.camera_of(id)

    def linked(self, device: str) -> bool:
        """Whether it can be told words now."""
        return device in self.boards.there

    def say(self, device: str, word: str) -> Deferred[bool]:
        """Say a word; False for any reason why it was not heard, never a failure."""
        if not self._running or device not in self.boards.there:
            return maybeDeferred(lambda: False)
        said: Deferred[bool] = maybeDeferred(self._say, device, word)

        def refused(failure: Any) -> bool:
            self._log.debug("{device}: {word} was not said: {why}", device=device, word=word,
                            why=failure.value)
            return False

        return said.addErrback(refused)

    def commit(self, id: str, work: Callable[..., Any], *args: Any) -> Deferred[Any]:
        """``work(connection, id, *args)``'s result, once memory and pages know of its commit."""
        def known(both: tuple[Any, Known]) -> Any:
            result, now = both
            if self.boards.exists(id):  # not deleted meanwhile
                self._known[id] = now
                self.publish(id)
            return result

        if not self.boards.exists(id):
            return fail(NotFound(f"There is no cabinet {id[:64]!r}.", "id"))
        return self.store.run(then_look_up, id, work, args).addCallback(known)

    def forget(self, id: str) -> None:
        """A device is gone, and all that was kept of it with its row."""
        self.boards.there.discard(id)
        self._shown.pop(id, None)
        known, cycle = self._known.pop(id, None), self._cycles.pop(id, None)
        if cycle is not None:
            cycle.end(keep=False)
        self.counting.forget(id)
        for item in known.items if known else ():
            if item.low:
                self.alert(id, replace(item, low=False))

    def appeared(self, id: str) -> bool:
        """Whether it was ever seen as a cabinet."""
        return id in self._known

    def cycle(self, id: str) -> Cycle:
        """The life of one cabinet; made at its first use, and anew for one that was deleted:
        a late count had ended the one before, and the next cabinet goes by the same name."""
        known = self._cycles.get(id)
        if known is None or (known.ended and self._running):
            known = self._cycles[id] = Cycle(id, self)
        return known

    def publish(self, id: str) -> None:
        """Tell the pages when a cabinet changed."""
        device = self.boards.find(id)
        if device is None:
            self._shown.pop(id, None)
            return
        shown, before = self.json(device), self._shown.get(id)
        if shown == before:
            return
        self._shown[id] = shown
        self.bus.publish(CabinetChanged(id, device.patient, shown))
        if before is not None and before["patient"] != shown["patient"]:
            self.tell_low(id, moved=True)

    def tell_low(self, id: str, moved: bool = False) -> None:
        """Say what a crash kept from being said; ``moved``: to whom the cabinet was given."""
        for item in self.known(id).items:
            if item.low and moved:
                self.alert(id, replace(item, low=False))
            if item.low != item.told or (item.low and moved):
                self.alert(id, item)

    def alert(self, id: str, item: Item) -> None:
        """Say whether an item is low, once for each crossing: then that is noted."""
        device = self.boards.find(id)
        name, patient = (device.name, device.patient) if device else (id, None)
        self.bus.publish(AlertWanted(
            f"low_stock:{id}:{item.id}", patient, id, "low_stock", "warning",
            show.low_stock(name, item), item.low,
        ))
        # writes keep their order: whoever heard it has written it by then
        noted = self.store.run(stock_records.mark_told, item.id, item.low)
        noted.addErrback(lambda f: self._log.warn("not noted: {why}", why=str(f.value)))

    def json(self, device: Device) -> dict[str, Any]:
        """A cabinet as the API shows it."""
        camera = self.boards.camera_of(device.id)
        return show.cabinet(
            device, self._known.get(device.id, Known(items=NEW_ITEMS)),
            linked=device.id in self.boards.there, camera=camera,
            camera_there=camera in self.boards.there, cameras=self.boards.cameras(),
            why_no_counts=self.counter.why, detects=self.detects, now=self.now(),
        )
