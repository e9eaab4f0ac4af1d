"""A conversation with the MicroPython on a board: what is on it, files onto it, a restart."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from typing import Any, Callable, Sequence

from mpremote.transport import TransportError

from iotd.flashing import ports
from iotd.flashing.line import Line
from iotd.flashing.model import SLOTS, Facts, File
from iotd.flashing.on_board import TOOLS
from iotd.flashing.trouble import BadFlash, BoardGone, NoBoard, NoisyLine, OutOfMemory, Restarted

#: A running program hears Ctrl-C within this; a board that was just written starts in it.
INTERRUPT_SECONDS, BOOT_SECONDS = 6.0, 15.0
#: Of a file in one call: 2,048 letters of base64, which any board has memory for.
PIECE_BYTES = 1536
TRIES = 5
_ANSWER = re.compile(rb"=iotd (.*) ([0-9a-f]{8})\r?\n")
_FULL = re.compile(r"OSError: (?:\[Errno )?28\b|ENOSPC")
Progress = Callable[[int], None]


class Session:
    """One board on one port; everything blocks, BoardGone when the cable is pulled."""

    def __init__(self, port: str, patience: float = INTERRUPT_SECONDS) -> None:
        """``patience`` in seconds, until a running program must have heard Ctrl-C."""
        self.port = port
        self._patience = patience
        self._line: Line | None = None
        self._ready = False
        self._touched = False

    @property
    def line(self) -> Line:
        """The open port; NoBoard says why it can't be opened."""
        if self._line is None:
            try:
                self._line = Line(self.port)
            except (OSError, ValueError, TransportError):
                raise ports.why_not_opened(self.port) from None
        return self._line

    def enter(self, seconds: float | None = None) -> bool:
        """Interrupt what runs; False when no MicroPython answers."""
        self._ready = False
        self._touched = self.line.interrupt(self._patience if seconds is None else seconds)
        return self._touched

    def enter_fresh(self, seconds: float = BOOT_SECONDS) -> None:
        """The same after MicroPython was written: the board starts, and its port may come anew."""
        end = time.monotonic() + seconds
        while True:
            try:
                if self.enter(max(1.0, end - time.monotonic())):
                    return
            except (BoardGone, NoBoard):
                self.close()
                time.sleep(0.2)
            if time.monotonic() > end:
                raise NoBoard(
                    f"MicroPython was written and does not answer on {self.port}: unplug the"
                    " board, plug it in, and run this again.", "port",
                )

    def look(self) -> Facts:
        """What the board is, and what is on it."""
        try:
            answers = self._call("_look()")
        except OutOfMemory:
            self.start_afresh()  # what ran has the memory
            answers = self._call("_look()")
        return _facts(answers)

    def start_afresh(self) -> None:
        """Soft reset: memory, threads and timers of what ran are gone, its watchdog is fed."""
        # questions may have taken so long that the watchdog of what ran has bitten
        for last in (False, True):
            try:
                self.enter()
                self.line.soft_reset()
                break
            except NoisyLine:
                if last:
                    raise
        self._ready = False
        self._call("_watched()")

    def remove(self, paths: Sequence[str]) -> None:
        """Be without these files, and without folders that are empty then."""
        for at in range(0, len(paths), 16):
            self._call(f"_gone({list(paths[at:at + 16])!r})")

    def write(self, file: File, progress: Progress, name: str | None = None) -> None:
        """A file, read back and compared; ``progress`` hears how many bytes more are there."""
        name = name or file.path
        for last in (False, True):
            sent = 0

            def count(more: int) -> None:
                nonlocal sent
                sent += more
                progress(more)

            try:
                if self._send(file, name, count) == file.sha256:
                    return
            except Restarted:
                if last:
                    raise
            progress(-sent)
        raise BadFlash(
            f"What stands in {name} on the board is not what was written, twice: its flash is"
            " worn out, or its power supply too weak.", "port",
        )

    def switch(self, files: Sequence[File], progress: Progress) -> None:
        """Put these in place together: all are written beside first, then renamed in order."""
        for file in files:
            self.write(file, progress, file.path + ".new")
        if files:
            self._call(f"_swap({[file.path for file in files]!r})")

    def restart(self) -> None:
        """As after power-on. What runs then is not interrupted any more."""
        self.line.leave("import machine\nmachine.reset()")
        self._touched = False

    def let_go(self) -> None:
        """Leave the board as it was found, running; never raises, for it ends other troubles."""
        try:
            if self._touched and self.line.interrupt(2.0):
                self.restart()
        except (BoardGone, NoisyLine, NoBoard):
            pass
        self.close()

    def pause(self, seconds: float) -> None:
        """Give a board time to appear."""
        time.sleep(seconds)

    def close(self) -> None:
        """Let others have the port."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _send(self, file: File, name: str, progress: Progress) -> str:
        self._call(f"_open({name!r})")
        for at in range(0, len(file.data), PIECE_BYTES):
            piece = file.data[at:at + PIECE_BYTES]
            text = base64.b64encode(piece)
            self._call(f"_put({at},{text!r})")
            progress(len(piece))
        return _digest(self._call("_done()")[0]["sha"])

    def _call(self, code: str) -> list[Any]:
        """The answers of a call; asked again when the line garbles it."""
        for tried in range(TRIES):
            try:
                self._be_ready()
                return self._answers(code)
            except Restarted:
                raise
            except NoisyLine:
                if tried == TRIES - 1 or not self.line.interrupt(self._patience):
                    raise
        raise AssertionError("the last try raises")

    def _be_ready(self) -> None:
        """Our tools are on the board, with what they remember."""
        if not self._ready:
            _, err = self.line.run(TOOLS)
            _look_at_error(err)
            self._ready = True

    def _answers(self, code: str) -> list[Any]:
        out, err = self.line.run(code)
        if b"NameError" in err:
            self._ready = False
            raise NoisyLine(_noise(self.port))  # it started anew: the tools go there again
        if b"iotd lost" in err:
            raise Restarted(
                f"The board on {self.port} started anew while it was written: give it more power"
                " (another USB socket, no hub) and run this again.", "port",
            )
        _look_at_error(err)
        answers = [_json(*each) for each in _ANSWER.findall(out)]
        end = answers.pop() if answers else None
        if None in answers or end != {"end": len(answers)}:
            raise NoisyLine(_noise(self.port), "port")  # what came may hold a password
        return answers


def _json(text: bytes, crc: bytes) -> Any:
    if binascii.crc32(text) != int(crc, 16):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _look_at_error(err: bytes) -> None:
    """What a call raised on the board."""
    text = err.decode(errors="replace")
    if "MemoryError" in text:
        raise OutOfMemory("The board has too little memory free for this: unplug it, plug it in,"
                          " and run this again.", "port")
    if _FULL.search(text):
        raise BadFlash("The board's flash is full: remove files of yours from it.", "port")
    if "OSError" in text:
        raise BadFlash("The board's flash can't be written: its file system is broken: erase"
                       " it with --anew.", "port")
    if text.strip():
        raise NoisyLine("The board did not understand what it was sent: use a shorter cable or"
                        " another USB socket, and run this again.", detail=text)


def _facts(answers: list[Any]) -> Facts:
    what = answers[0]
    files = {each["file"]: each for each in answers if "file" in each}
    texts: dict[str, dict[int, str]] = {}
    for each in answers:
        if "text" in each:
            texts.setdefault(each["text"], {})[each["at"]] = each["part"]
    whole = {path: "".join(parts[at] for at in sorted(parts)) for path, parts in texts.items()}
    slot = what["slot"] if what["slot"] in SLOTS else ""
    return Facts(
        what["machine"], what["release"], what["mpy"], what["unique"], what["free"],
        what["block"], slot,
        {each: _object(whole.get(f"/{each}/version.json", "")) for each in SLOTS},
        _object(whole.get("/settings.json", "")),
        {path: _digest(each["sha"]) for path, each in files.items()},
        {path: each["size"] for path, each in files.items()}, what["camera"],
    )


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _digest(text: str) -> str:
    return base64.b64decode(text).hex()


def _noise(port: str) -> str:
    return (f"What comes from {port} is garbled: use a shorter cable or another USB socket, and"
            " run this again.")
