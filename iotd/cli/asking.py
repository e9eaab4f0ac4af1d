"""How a command gets its answer: from the running daemon, or by itself without one."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any, Callable

from iotd.cli.place import Place
from iotd.cli.telling import Refused
from iotd.config import Config
from iotd.control import perform, person
from iotd.data_dir import DataLock, InUse, socket_address
from iotd.errors import Denied, IotdError, Unavailable
from iotd.exit_codes import INTERRUPTED

CONNECT_SECONDS = 5.0
# a command waits for one commit and at most one password hash; a stuck store is given this long
ANSWER_SECONDS = 60.0


#: Of an answer the arguments with which to ask again; None when that was the last.
Again = Callable[[Any], dict[str, Any] | None]


class NotRunning(Exception):
    """Nobody listens on the folder's socket."""


def ask(place: Place, command: str, **args: str | None) -> Any:
    """The result of a command, wherever it is performed; IotdError when it is refused."""
    return follow(place, command, lambda answer: None, **args)


def follow(place: Place, command: str, again: Again, **args: str | None) -> Any:
    """The last answer of a command that takes long: asked as often as ``again`` says."""
    config = place.config()
    lock = DataLock(config.data_dir)
    deadline = time.monotonic() + place.surroundings.turn_seconds
    while True:
        try:
            return _follow_daemon(config.data_dir, command, args, again)
        except NotRunning:
            _become_owner(config.data_dir)
        try:
            lock.acquire()
            break
        except InUse as problem:
            # a daemon that starts or stops has the folder, but no socket yet or any more
            if time.monotonic() > deadline:
                raise Unavailable(f"{problem} It doesn't answer; try again.") from None
            time.sleep(0.1)
    try:
        return perform_here(place, config, command, args, again)
    finally:
        lock.release()


def _follow_daemon(data_dir: Path, command: str, args: dict[str, Any], again: Again) -> Any:
    answer = ask_daemon(data_dir, command, args)
    try:
        while (more := again(answer)) is not None:
            answer = ask_daemon(data_dir, command, more)
    except NotRunning:
        raise _unanswered(None) from None
    return answer


def ask_daemon(data_dir: Path, command: str, args: dict[str, Any]) -> Any:
    """The daemon's answer, or NotRunning."""
    line = json.dumps({"command": command, "args": args}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX) as caller:
        _connect(caller, data_dir)
        caller.settimeout(ANSWER_SECONDS)
        try:
            caller.sendall(line)
            answer = caller.makefile("rb").readline()
        except OSError as problem:
            raise _unanswered(problem) from None
    if not answer.endswith(b"\n"):
        raise _unanswered(None)
    data = json.loads(answer)
    if "error" in data:
        raise Refused(**data["error"])
    return data["ok"]


def perform_here(
    place: Place, config: Config, command: str, args: dict[str, Any],
    again: Again = lambda answer: None,
) -> Any:
    """The same command on parts opened for it alone; hold the folder's lock."""
    outcome: list[Any] = []

    async def work(reactor: Any) -> None:
        try:
            parts = place.surroundings.open_parts(config, reactor)
            try:
                answer = await perform(parts, command, args, person(os.getuid()))
                while (more := again(answer)) is not None:
                    answer = await perform(parts, command, more, person(os.getuid()))
                outcome.append(answer)
            finally:
                await parts.close()
        except IotdError as problem:
            outcome[:] = [problem]

    try:
        place.surroundings.react(work)
    except SystemExit as end:
        if not outcome:
            raise SystemExit(end.code or INTERRUPTED) from None
    if isinstance(outcome[0], IotdError):
        raise outcome[0]
    return outcome[0]


def _connect(caller: socket.socket, data_dir: Path) -> None:
    caller.settimeout(CONNECT_SECONDS)
    try:
        with socket_address(data_dir) as address:
            caller.connect(address)
    except PermissionError:
        raise Denied(
            f"{data_dir} belongs to another user: try again as that user, or as root."
        ) from None
    except OSError as problem:
        raise NotRunning from problem


def _unanswered(problem: OSError | None) -> Unavailable:
    if isinstance(problem, TimeoutError):
        return Unavailable(
            f"The daemon did not answer in {ANSWER_SECONDS:g} seconds; it may still do this."
        )
    return Unavailable("The daemon stopped before it answered; look whether it did this.")


def _become_owner(data_dir: Path) -> None:
    """Root works as the folder's owner, or the daemon could not use what root has made."""
    if os.geteuid() != 0 or not data_dir.is_dir():
        return
    owner = data_dir.stat()
    if owner.st_uid != 0:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
