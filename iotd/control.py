"""What the command line asks of a daemon, by name.

``control_socket`` performs these for callers of a running daemon; without one
the command line opens the parts and performs them by itself.
"""

from __future__ import annotations

import inspect
import pwd
from typing import Any, Awaitable, Callable, Mapping, Protocol

from iotd.devices.proving import proved
from iotd.errors import Conflict, Invalid, NotFound
from iotd.tls.office import Wish


class Parts(Protocol):
    """What commands work on: of a running daemon, or opened for one command."""

    accounts: Any
    registry: Any
    boards: Any
    certificates: Any

    @property
    def rebuild(self) -> Any:
        """Statistics of the campus."""

    @property
    def office(self) -> Any:
        """The register of the campus."""


Command = Callable[..., Awaitable[Any]]


async def add_user(
    parts: Parts, by: str, name: str, role: str, password: str | None = None,
    email: str | None = None, full_name: str | None = None,
) -> Any:
    """A new account."""
    about = {"email": email, "full_name": full_name}
    given = {key: value for key, value in about.items() if value}
    return await parts.accounts.add_user(name, role, password, by, **given)


async def list_users(parts: Parts, by: str) -> Any:
    """Every account."""
    return parts.accounts.users()


async def reset_user(parts: Parts, by: str, name: str) -> Any:
    """A new password for an account, and no second factor."""
    return await parts.accounts.reset_user(name, by)


async def add_token(parts: Parts, by: str, name: str, role: str) -> Any:
    """A bearer token; its secret is in the answer and nowhere else."""
    return await parts.accounts.add_token(name, role, by)


async def list_devices(parts: Parts, by: str) -> Any:
    """Every device."""
    return parts.registry.list()


async def approve_device(
    parts: Parts, by: str, id: str, kind: str | None = None, same_as: str | None = None
) -> Any:
    """Let a pending device in, perhaps as the one it replaces."""
    return await parts.registry.approve(id, kind=kind, same_as=same_as, by=by)


async def revoke_device(parts: Parts, by: str, id: str) -> Any:
    """Shut a device out."""
    return await parts.registry.revoke(id, by=by)


async def make_key(parts: Parts, by: str, id: str, kind: str | None = None) -> Any:
    """A new key for a device, known or not; 64 hex digits."""
    return await parts.registry.make_key(id, kind=kind, by=by)


async def board_key(
    parts: Parts, by: str, id: str, kind: str | None = None, nonce: str | None = None,
    mac: str | None = None, replace: str | None = None, peek: str | None = None,
) -> Any:
    """A key for a board: null when ``mac`` of ``nonce`` shows that it has the right one.

    Another board's key is not ended without ``replace``; ``peek`` changes nothing and says
    ``why`` that would be refused.
    """
    told = proved(parts.registry, id, kind, nonce or "", mac or "")
    why = None if replace else told.why
    if told.kept or peek:
        return {"kept": told.kept, "key": None, "why": why}
    if why:
        raise Conflict(why, "id")
    key = await parts.registry.make_key(id, kind=kind, by=by)
    return {"kept": False, "key": key, "why": None}


async def verify_audit(parts: Parts, by: str, ticket: str | None = None) -> Any:
    """Whether the audit is as it was written: begin, or with a ticket look how far."""
    return await parts.accounts.audit_log.follow(ticket)


async def list_audit(parts: Parts, by: str, limit: str = "50") -> Any:
    """The newest rows of the audit."""
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= 500):
        raise Invalid("limit is a number from 1 to 500.", "limit")
    return await parts.accounts.audit(int(limit))


async def check_campus(parts: Parts, by: str, ticket: str | None = None) -> Any:
    """Compare the campus' statistics with its movements: begin, or with a ticket look how far."""
    return await parts.rebuild.follow("check", ticket, by)


async def rebuild_campus(parts: Parts, by: str, ticket: str | None = None) -> Any:
    """Count them anew."""
    return await parts.rebuild.follow("rebuild", ticket, by)


async def make_certificates(
    parts: Parts, by: str, names: str | None = None, without: str | None = None,
    days: str | None = None, renew: str | None = None, authority: str | None = None,
    show: str | None = None,
) -> Any:
    """Make or renew the site's own certificates, or show them; names are lines."""
    if show:
        return await parts.certificates.show()
    if days is not None and not (days.isascii() and days.isdigit() and len(days) < 6):
        raise Invalid("days is a number from 1 to 397.", "days")
    wish = Wish(
        tuple((names or "").splitlines()), tuple((without or "").splitlines()),
        None if days is None else int(days), bool(renew), bool(authority),
    )
    return await parts.certificates.take(wish, by)


async def import_students(
    parts: Parts, by: str, part: str, upload: str | None = None, last: str | None = None,
    preview: str | None = None,
) -> Any:
    """A part of a file of students in base64; with ``last`` it is imported, or looked at."""
    return await parts.office.desk.take(part, by, upload, bool(last), bool(preview))


async def list_students(
    parts: Parts, by: str, q: str | None = None, after: str | None = None
) -> Any:
    """Some of the students; ``after`` in the answer says where to go on."""
    return parts.office.desk.page(q, after)


async def erase_student(parts: Parts, by: str, rollno: str) -> Any:
    """Erase a student for good."""
    return await parts.office.erasing.erase(rollno, by)


async def list_firmware(parts: Parts, by: str) -> Any:
    """Every release of firmware for boards."""
    return await parts.boards.updates.office.firmware()


async def release_firmware(parts: Parts, by: str) -> Any:
    """A release of the firmware that iotd came with."""
    return await parts.boards.updates.office.release(by)


async def start_rollout(
    parts: Parts, by: str, build: str | None = None, devices: str | None = None,
    older: str | None = None,
) -> Any:
    """Bring a release to boards, ids between blanks; ``older``: they may go back to it."""
    wanted = None if build is None else _number(build, "build")
    named = devices.split() if devices else None
    return await parts.boards.updates.office.start(wanted, named, bool(older), by)


async def rollout_status(parts: Parts, by: str, id: str | None = None) -> Any:
    """A roll-out with its boards; without an id the newest, None when there is none."""
    office = parts.boards.updates.office
    if id is not None:
        return await office.get(_number(id, "id"))
    newest = await office.page(1, None)
    return await office.get(newest[0]["id"]) if newest else None


async def cancel_rollout(parts: Parts, by: str, id: str) -> Any:
    """End a roll-out."""
    return await parts.boards.updates.office.cancel(_number(id, "id"), by)


async def resume_rollout(parts: Parts, by: str, id: str) -> Any:
    """Go on with a roll-out that stopped."""
    return await parts.boards.updates.office.resume(_number(id, "id"), by)


def _number(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise Invalid(f"{field} is a number.", field)
    return int(text)


COMMANDS: dict[str, Command] = {
    "user add": add_user,
    "user list": list_users,
    "user reset": reset_user,
    "token add": add_token,
    "device list": list_devices,
    "device approve": approve_device,
    "device revoke": revoke_device,
    "device key": make_key,
    "board key": board_key,
    "firmware list": list_firmware,
    "firmware release": release_firmware,
    "firmware rollout": start_rollout,
    "firmware status": rollout_status,
    "firmware cancel": cancel_rollout,
    "firmware resume": resume_rollout,
    "audit verify": verify_audit,
    "audit list": list_audit,
    "campus check": check_campus,
    "campus rebuild": rebuild_campus,
    "cert": make_certificates,
    "students import": import_students,
    "students list": list_students,
    "students erase": erase_student,
}


async def perform(parts: Parts, command: str, args: Mapping[str, Any], by: str) -> Any:
    """Run one command for somebody; what it gives can be written as JSON."""
    function = COMMANDS.get(command)
    if function is None:
        raise NotFound(f"There is no command {command!r}.", "command")
    try:
        bound = inspect.signature(function).bind(parts, by=by, **args)
    except TypeError as problem:
        raise Invalid(f"{command}: {problem}.", "args") from None
    for name, value in args.items():
        if not isinstance(value, (str, type(None))):
            raise Invalid(f"{command}: {name} is no text.", name)
    return await function(*bound.args, **bound.kwargs)


def person(uid: int) -> str:
    """How the audit names who used the command line."""
    try:
        return f"cli:{pwd.getpwuid(uid).pw_name}"[:64]
    except KeyError:
        return f"cli:{uid}"
