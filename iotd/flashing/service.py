"""``iotd flash`` from beginning to end: one board on one port.

Whatever goes wrong, the board is left running: with what it had before, or with the new.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Sequence

from iotd.flashing import choosing, contact, ports, settings, shipped
from iotd.flashing.micropython import Tools, micropython
from iotd.flashing.model import (
    AUTHORITY, SELECTOR, SETTINGS, Facts, File, Firmware, Plan, check_room, plan, switched,
)
from iotd.flashing.session import INTERRUPT_SECONDS, Session
from iotd.flashing.trouble import NoContact, Refused, WrongBoard
from iotd.flashing.upload import upload
from iotd.flashing.waiting import await_contact
from iotd.flashing.wishes import Choice, Daemon, NotRunning, Outcome, People, Wishes

#: What our firmware runs on.
OLDEST = (1, 20)


@dataclass(frozen=True)
class Surroundings:
    """What flashing needs of the world; ``releases`` None where there are none to be had.

    ``firmware(kind, mpy)`` stands in for them where the firmware comes from another machine.
    """

    people: People
    daemon: Daemon
    images_folder: Path
    releases: shipped.Releases | None = None
    make_release: bool = False
    firmware: Callable[[str, int], Firmware] | None = None
    tools: Tools = Tools()
    infos: Callable[[], Sequence[Any]] | None = None
    now: Callable[[], float] = time.monotonic
    patience: float = INTERRUPT_SECONDS


@dataclass(frozen=True)
class _Wanted:
    """What is to be on the board."""

    kind: str
    settings: dict[str, Any]
    firmware: Firmware

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.settings["id"])


def flash(wishes: Wishes, around: Surroundings) -> Outcome:
    """Do what was wished; IotdError says in one sentence what is in the way."""
    port = _port(wishes, around)
    session = Session(port, around.patience)
    try:
        return _with(session, wishes, around)
    finally:
        session.let_go()


def _with(session: Session, wishes: Wishes, around: Surroundings) -> Outcome:
    planned = micropython(session, wishes, around.people, around.images_folder, around.tools)
    if planned is not None:
        return planned
    facts = _ours(session.look())
    around.people.say(f"{facts.machine} on {session.port}, MicroPython {facts.release}.")
    kind, chosen = choosing.choose(facts, wishes, around.people, around.daemon)
    firmware = _firmware(kind, facts, wishes, around)
    wanted = _Wanted(kind, chosen, firmware)
    made = _plan(facts, _keyed(wanted, facts.settings.get("key") or choosing.NO_KEY), around)
    check_room(made, facts)
    if wishes.dry_run:
        return _told(session, facts, wanted, made, "planned", "")
    return _carry_out(session, facts, wanted, made, _Keys(facts, wanted, around), around)


def _firmware(kind: str, facts: Facts, wishes: Wishes, around: Surroundings) -> Firmware:
    if around.firmware is not None:
        return around.firmware(kind, facts.mpy)
    make = around.make_release and not wishes.dry_run
    return shipped.firmware_for(kind, facts.mpy, around.releases, make)


class _Keys:
    """The board's key: given, kept, or made at the last moment."""

    def __init__(self, facts: Facts, wanted: _Wanted, around: Surroundings) -> None:
        """What stands against a new one is asked before anything is written."""
        self._facts, self._wanted, self._around = facts, wanted, around
        self._proof = choosing.proof_of(facts, wanted.id)
        self._replace = False
        self.about = "given" if "key" in wanted.settings else "new"
        if self.about == "new":
            standing = around.daemon.standing(wanted.id, wanted.kind, self._proof)
            self.about = "kept" if standing.kept else "new"
            if standing.why:
                around.people.agree(f"{standing.why} Go on?", "--yes")
                self._replace = True

    def settled(self) -> _Wanted:
        """What is wanted, with the key."""
        if self.about == "given":
            return self._wanted
        made = self._around.daemon.key(
            self._wanted.id, self._wanted.kind, self._proof, self._replace
        )
        self.about = "kept" if made is None else "new"
        return _keyed(self._wanted, self._facts.settings["key"] if made is None else made)


def _carry_out(
    session: Session, facts: Facts, wanted: _Wanted, made: Plan, keys: _Keys, around: Surroundings
) -> Outcome:
    if made.nothing and keys.about != "new":
        session.restart()
        return _told(session, facts, wanted, made, "unchanged", keys.about)

    def switch() -> Sequence[File]:
        nonlocal wanted
        wanted = keys.settled()
        return switched(facts, made.slot, _root(wanted, around))

    with around.people.bar(f"Writing {wanted.id}") as progress:
        upload(session, made, switch, progress)
    before = _device(wanted.id, around)
    session.restart()
    around.people.say("Written and restarted; waiting for its first contact …")
    done = _told(session, facts, wanted, made, "written", keys.about)
    return _contact(session, facts, wanted, before, done, around)


def _contact(
    session: Session, facts: Facts, wanted: _Wanted, before: dict[str, Any] | None,
    done: Outcome, around: Surroundings,
) -> Outcome:
    """Wait until the daemon has it, or say what is in the way."""
    ear = contact.Ear(choosing.secrets_in(wanted.settings, facts.settings))
    try:
        await_contact(session, wanted.id, before, ear, around.daemon, around.people, around.now)
    except NotRunning:
        raise NoContact(
            f"{done.message} The daemon does not run: start it, and {wanted.id} comes online by"
            " itself.", "server",
        ) from None
    except (NoContact, Refused) as problem:
        raise type(problem)(f"{done.message} {problem}", problem.field) from None
    return replace(done, state="online", message=f"{done.message} The daemon says: online.")


def _port(wishes: Wishes, around: Surroundings) -> str:
    if wishes.port not in (None, "auto"):
        return str(wishes.port)
    found = ports.found(None if around.infos is None else around.infos())
    likely = [each for each in found if each.likely] or found
    if not likely:
        raise ports.none_found()
    if len(likely) == 1:
        return likely[0].device
    choices = [Choice(each.device, f"{each.device}: {each.about}") for each in likely]
    return around.people.choose("On which port is the board?", "--port", choices)


def _ours(facts: Facts) -> Facts:
    """WrongBoard for a board that our firmware does not run on."""
    if not facts.chip:
        raise WrongBoard(
            f"This is a {facts.machine or 'board of an unknown kind'}, not an ESP32: our firmware"
            " does not run on it, and nothing was written.", "port",
        )
    numbers = tuple(int(each) for each in facts.release.split(".")[:2] if each.isdigit())
    if numbers < OLDEST:
        raise WrongBoard(
            f"MicroPython {facts.release} on this board is too old: write a newer one with"
            " --anew; the files on the board are lost then.", "image",
        )
    return facts


def _keyed(wanted: _Wanted, key: Any) -> _Wanted:
    return replace(wanted, settings=settings.merge({"key": key}, wanted.settings))


def _plan(facts: Facts, wanted: _Wanted, around: Surroundings) -> Plan:
    return plan(facts, wanted.firmware, _root(wanted, around), shipped.old_files(facts))


def _root(wanted: _Wanted, around: Surroundings) -> list[File]:
    """What lies beside the slots."""
    root = [File(SETTINGS, settings.to_json(wanted.settings)), File(SELECTOR, shipped.selector())]
    if wanted.settings["server"].get("tls"):
        root.insert(0, File(AUTHORITY, around.daemon.authority()))
    return root


def _device(id: str, around: Surroundings) -> dict[str, Any] | None:
    try:
        return around.daemon.device(id)
    except NotRunning:
        return None


def _told(
    session: Session, facts: Facts, wanted: _Wanted, made: Plan, state: str, key: str
) -> Outcome:
    firmware = wanted.firmware
    what = f"firmware {firmware.version} for a {wanted.kind.replace('_', ' ')}"
    files = len(made.writes) + len(made.switch)
    sentences = {
        "planned": f"Would write {files} files, {made.total:,} bytes, {what}, onto {wanted.id}"
                   " and restart it; nothing was written and no key was made.",
        "unchanged": f"Nothing has changed: {wanted.id} has {what} and these settings; it was"
                     " restarted.",
        "written": f"{wanted.id} has {what} ({files} files, {made.total:,} bytes).",
    }
    if state == "planned" and made.nothing:
        sentences["planned"] = f"{wanted.id} has {what} and these settings: nothing to write."
    return Outcome(
        state, sentences[state], session.port, facts.machine, wanted.id, wanted.kind,
        firmware.version, firmware.build, made.slot,
        tuple(each.path for each in (*made.writes, *made.switch)),
        made.removals + made.leftovers, made.total, key, warnings=_warnings(facts, wanted),
    )


def _warnings(facts: Facts, wanted: _Wanted) -> tuple[str, ...]:
    """What will not work though all is written."""
    camera = wanted.settings.get("camera")
    if isinstance(camera, dict) and camera.get("sensor") == "builtin" and not facts.camera:
        return ("The MicroPython on this board has no camera module, so it will show nothing:"
                " write a build for this very board with --image FILE --anew.",)
    return ()
