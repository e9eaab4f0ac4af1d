"""The first contact: what the board prints and what the daemon says, until one is enough."""

from __future__ import annotations

from typing import Any, Callable

from iotd.flashing.contact import Ear
from iotd.flashing.session import Session
from iotd.flashing.trouble import BoardGone, NoBoard, NoContact, Refused
from iotd.flashing.wishes import Daemon, People

CONTACT_SECONDS, ASK_SECONDS, SLICE_SECONDS = 90.0, 0.5, 0.1


def await_contact(
    session: Session, id: str, before: dict[str, Any] | None, ear: Ear, daemon: Daemon,
    people: People, now: Callable[[], float],
) -> None:
    """Return once the daemon heard the board anew; Refused or NoContact say why it did not.

    ``before`` is the device as it was while the board stood still: a link that the restart
    broke looks alive to the daemon for a while.
    """
    end, next_ask = now() + CONTACT_SECONDS, now()
    while now() < end:
        for line in ear.hear(_heard(session, SLICE_SECONDS)):
            people.board_says(line)
        if now() >= next_ask or ear.final:
            next_ask = now() + ASK_SECONDS
            if _is_online(daemon.device(id), before, id):
                return
            if ear.final:
                raise Refused(ear.final, "settings")
    raise NoContact(ear.hint, "server")


def _is_online(device: dict[str, Any] | None, before: dict[str, Any] | None, id: str) -> bool:
    if device is None:
        return False
    if device["state"] == "pending":
        raise Refused(f"{id} waits for approval: iotd device approve {id}", "id")
    if device["state"] == "revoked":
        raise Refused(f"{id} was revoked: let it in with iotd device approve {id}", "id")
    heard = before is None or _contact(device) != _contact(before)
    return bool(device["state"] == "online" and heard)


def _contact(device: dict[str, Any]) -> Any:
    """What is another with each contact: a gate's last message, any other's connection, of
    which the daemon can't tell whether the board is still behind it."""
    return device["last_seen" if device["kind"] == "gate" else "connected_since"]


def _heard(session: Session, seconds: float) -> bytes:
    """What the board says; one with a USB of its own comes back on the same port, later."""
    try:
        return session.line.lines(seconds)
    except (BoardGone, NoBoard):
        session.close()
        session.pause(seconds)
        return b""
