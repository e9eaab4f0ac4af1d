"""What tests of flashing share: a person with ready answers, a daemon in memory, a flash folder."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Conflict, Invalid
from iotd.flashing.choosing import host_for
from iotd.flashing.service import Surroundings, flash
from iotd.flashing.wishes import Choice, Outcome, Progress, Standing, Wishes
from tests.firmware.flash import put
from tests.firmware.terminal import SerialBoard

WIFI = {"ssid": "home of secrets", "password": "correct horse battery"}
#: What is wished where a test is about something else.
USUAL: dict[str, Any] = {
    "kind": "camera", "id": "cam-box", "preset": "builtin", "wifi": WIFI, "server": "192.0.2.9",
}


class Person:
    """Answers by option; what is not among ``answers`` can't be asked, as without a terminal."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.heard: list[str] = []
        self.progress: list[tuple[int, int]] = []
        #: What happens when an option is asked for, or so many pieces are written.
        self.meanwhile: dict[str | int, Callable[[], None]] = {}

    def choose(
        self, question: str, option: str, choices: Sequence[Choice], usual: bool = False
    ) -> str:
        found = self.text(question, option, None)
        assert found in [each.value for each in choices], choices
        return found

    def text(self, question: str, option: str, default: str | None) -> str:
        self.asked.append(option)
        self.meanwhile.get(option, bool)()
        found = self.answers.get(option.strip("-"), default)
        if found is None:
            raise Invalid(f"{question}: give {option}.", option)
        return found

    def secret(self, question: str, option: str) -> str:
        self.asked.append("secret")
        return self.answers["secret"]

    def agree(self, question: str, option: str) -> None:
        self.text(question, option, None)

    def say(self, sentence: str) -> None:
        self.heard.append(sentence)

    def board_says(self, line: str) -> None:
        self.heard.append(f"board: {line}")

    @contextmanager
    def bar(self, title: str) -> Iterator[Progress]:
        yield self._count

    def _count(self, done: int, total: int, name: str) -> None:
        self.progress.append((done, total))
        self.meanwhile.get(len(self.progress), bool)()


class MemoryDaemon:
    """Knows devices by id, and has them online as soon as they have a key; ``calls`` counts."""

    def __init__(self, state: str = "online") -> None:
        self.state = state
        self.keys: dict[str, str] = {}
        self.calls: list[str] = []

    def standing(self, id: str, kind: str, proof: tuple[str, str] | None) -> Standing:
        self.calls.append("standing")
        if self._proves(id, proof):
            return Standing(True)
        return Standing(False, f"{id} has a key that is not this board's." if id in self.keys
                        else None)

    def key(self, id: str, kind: str, proof: tuple[str, str] | None, replace: bool) -> str | None:
        self.calls.append("key")
        if self._proves(id, proof):
            return None
        if id in self.keys and not replace:
            raise Conflict(f"{id} has a key that is not this board's.", "id")
        self.keys[id] = hashlib.sha256(f"{id}{len(self.calls)}".encode()).hexdigest()
        return self.keys[id]

    def _proves(self, id: str, proof: tuple[str, str] | None) -> bool:
        if proof is None or id not in self.keys:
            return False
        told = f"iotd1|flash|{id}|{proof[0]}".encode()
        return hmac.new(bytes.fromhex(self.keys[id]), told, "sha256").hexdigest() == proof[1]

    def device(self, id: str) -> dict[str, Any] | None:
        self.calls.append("device")
        if id not in self.keys:
            return None
        number = str(len(self.calls))
        return {"id": id, "kind": "camera", "state": self.state, "last_seen": number,
                "connected_since": number}

    def wire(self, kind: str, tls: bool | None) -> tuple[int | None, bool]:
        return 9001, bool(tls)

    def host(self, before: str | None) -> str:
        return host_for(before, ["192.0.2.9"])

    def authority(self) -> bytes:
        return b"certificate"


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {each.relative_to(folder).as_posix(): each.read_bytes()
            for each in sorted(folder.rglob("*")) if each.is_file()}


def seconds_until(holds: Callable[[], Any], seconds: float) -> float | None:
    """How long it took to come true, or None."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.01)
    return time.monotonic() - began


class FlashCase(SynchronousTestCase):
    """``self.flash(board)`` puts a camera's firmware onto it; one flash folder a test."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.on_board = self.folder / "flash"
        self.on_board.mkdir(parents=True)
        self.daemon = MemoryDaemon()
        self.person = Person()
        self.powered: SerialBoard | None = None

    def board(self, **more: Any) -> SerialBoard:
        """Power for what lies in the flash folder."""
        if self.powered is not None:
            self.powered.stop()
        self.powered = SerialBoard(self.on_board, speed=50.0, **more).start()
        self.addCleanup(self.powered.stop)
        return self.powered

    def flash(self, board: SerialBoard, **wishes: Any) -> Outcome:
        """As the command does."""
        wished = Wishes(port=board.port, **{**USUAL, "no_image": True, **wishes})
        return flash(wished, Surroundings(self.person, self.daemon, self.folder / "images"))

    def flashed(self) -> None:
        """Leave the flash folder as a first run does, at the cost of no VM."""
        done = self.flash(self.board())
        self.assertEqual(done.state, "online")

    def boots(self, pattern: str) -> None:
        """The board, powered on anew with what lies on its flash, says this within 20 s."""
        board = self.board()
        heard = bytearray()

        def found() -> Any:
            heard.extend(board.hear())
            return re.search(pattern.encode(), heard)

        self.assertIsNotNone(seconds_until(found, 20.0), bytes(heard))
        board.stop()

    def restarted(self, board: SerialBoard) -> None:
        """It was started again, once, when it was let go."""
        self.assertIsNotNone(seconds_until(lambda: board.resets == 1, 5.0), board.resets)

    def put(self, **files: bytes | str) -> None:
        """Files onto the flash; ``__`` stands for a slash, ``_py`` at the end for .py."""
        put(self.on_board, {
            name.replace("__", "/").replace("_py", ".py"):
            data.encode() if isinstance(data, str) else data for name, data in files.items()
        })

    @property
    def settings(self) -> dict[str, Any]:
        """As they lie on the board."""
        found: dict[str, Any] = json.loads((self.on_board / "settings.json").read_text())
        return found
