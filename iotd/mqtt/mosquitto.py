"""Accounts for a Mosquitto of one's own: a password file of all gates that have a key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import Any, Callable, Mapping

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from iotd.bus import Bus, DeviceChanged

SALT_BYTES, HASH_BYTES = 12, 64  # as mosquitto_passwd makes them
# Keys are 32 random bytes, which no number of rounds makes harder to guess; people's passwords are
# not. Mosquitto computes this at every sign-in, on its only thread: 20,000 rounds take 10 ms.
KEY_ROUNDS, PASSWORD_ROUNDS = 101, 20_000
GATHER_SECONDS = 0.5

Account = tuple[str, str]
_OTHER = re.compile(r"[^:\s]{1,64}:\$[67]\$[A-Za-z0-9+/=$]{1,300}")


def password_line(name: str, password: str, rounds: int = KEY_ROUNDS) -> str:
    """``name:$7$rounds$salt$hash``: PBKDF2 with SHA-512."""
    return _line(name, password, rounds, secrets.token_bytes(SALT_BYTES))


def fits(line: str, name: str, password: str) -> bool:
    """Whether a line of the file is of this name and password."""
    try:
        found, _, rest = line.partition(":")
        _, kind, rounds, salt, _ = rest.split("$")
        if found != name or kind != "7":
            return False
        made = _line(name, password, int(rounds), base64.b64decode(salt, validate=True))
    except (ValueError, OverflowError):
        return False
    return hmac.compare_digest(made.encode(), line.encode())


def _line(name: str, password: str, rounds: int, salt: bytes) -> str:
    hashed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, HASH_BYTES)
    told = "$".join(base64.b64encode(part).decode() for part in (salt, hashed))
    return f"{name}:$7${rounds}${told}"


class PasswordFile:
    """``data_dir/mosquitto/passwords``; ``own`` is the account of iotd itself, from mqtt.broker.

    People's accounts, such as Home Assistant's, are taken from ``others`` beside it, which
    mosquitto_passwd makes.
    """

    _log = Logger()

    def __init__(self, data_dir: Path, own: Account | None) -> None:
        self.path = data_dir / "mosquitto" / "passwords"
        self.others = self.path.with_name("others")
        self._own, self._told = own, False

    def write(self, keys: Mapping[str, str]) -> bool:
        """Make it hold exactly these gates; False when it already did. Blocks; OSError."""
        old = {line.partition(":")[0]: line for line in _lines(self.path)}
        lines = [
            old[name] if name in old and fits(old[name], name, password)
            else password_line(name, password, rounds)
            for name, password, rounds in self._accounts(keys)
        ]
        taken = {line.partition(":")[0] for line in lines}
        lines += [line for line in self._of_people()
                  if _OTHER.fullmatch(line) and line.partition(":")[0] not in taken]
        text = "".join(f"{line}\n" for line in lines)
        if lines == _lines(self.path) and self.path.exists():
            return False
        self._replace(text)
        return True

    def _accounts(self, keys: Mapping[str, str]) -> list[tuple[str, str, int]]:
        own = [(*self._own, PASSWORD_ROUNDS)] if self._own is not None else []
        taken = {name for name, _, _ in own}
        return own + [(id, keys[id], KEY_ROUNDS) for id in sorted(keys) if id not in taken]

    def _of_people(self) -> list[str]:
        """Gates get in without them: the file may be root's alone, who made it."""
        try:
            return _lines(self.others)
        except OSError as problem:
            if not self._told:  # it is written whenever a device changes
                self._told = True
                self._log.error(
                    "{file} can't be read: {why}; the accounts in it can't sign in to Mosquitto",
                    file=str(self.others), why=problem.strerror,
                )
            return []

    def _replace(self, text: str) -> None:
        """Whole or not at all, whatever happens meanwhile; readable by owner and group only."""
        self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        beside = self.path.with_name(f".passwords.{os.getpid()}")
        beside.unlink(missing_ok=True)
        number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with open(number, "w") as file:
            os.fchmod(number, 0o640)
            file.write(text)
            file.flush()
            os.fsync(number)
        os.replace(beside, self.path)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        return []


class KeyWriter:
    """Keeps the password file as the gates' keys are; ``keys()`` gives them by id.

    ``in_thread(function, *args)`` gives a Deferred of what the function returns.
    """

    _log = Logger()

    def __init__(
        self, *, file: PasswordFile, keys: Callable[[], Mapping[str, str]], bus: Bus, clock: Any,
        in_thread: Callable[..., Deferred[Any]],
    ) -> None:
        self._file, self._keys, self._clock, self._in_thread = file, keys, clock, in_thread
        self._call: Any = None
        self._writing: Deferred[Any] | None = None
        self._again = self._running = False
        bus.subscribe(DeviceChanged, lambda event: self.changed())

    def start_service(self) -> None:
        """Write it, and again after every change."""
        self._running = True
        self.changed()

    def changed(self) -> None:
        """A key may have changed."""
        if self._running and self._call is None:
            self._call = self._clock.callLater(GATHER_SECONDS, self._write)

    async def stop_service(self) -> None:
        """Finish what is being written; what changed just now is written at the next start."""
        self._running = False
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if self._writing is not None:
            await self._writing

    def _write(self) -> None:
        self._call = None
        if self._writing is not None:
            self._again = True
            return
        self._writing = done = self._in_thread(self._file.write, dict(self._keys()))
        done.addCallbacks(self._written, self._failed)
        done.addBoth(self._finished)

    def _written(self, changed: bool) -> None:
        if changed:
            self._log.info("keys of gates written to {file}", file=str(self._file.path))

    def _failed(self, failure: Any) -> None:
        self._log.error(
            "{file} can't be written: {why}; gates with new keys can't sign in to Mosquitto",
            file=str(self._file.path), why=failure.getErrorMessage(),
        )

    def _finished(self, _: Any) -> None:
        self._writing = None
        again, self._again = self._again, False
        if again:
            self.changed()
