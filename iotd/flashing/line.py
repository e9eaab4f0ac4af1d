"""The serial line to a MicroPython board: mpremote's transport, with deadlines and a wide ear.

mpremote's own ways wait without end on a pseudo-terminal, print on standard output, and take
a board's chatter for its prompt.
"""

from __future__ import annotations

import io
import os
import select
import struct
import time
from contextlib import contextmanager, redirect_stdout
from typing import Callable, Iterator

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from iotd.flashing.trouble import BoardGone, NoisyLine

BAUD = 115200
#: For an answer that was begun, for one of which nothing is heard yet, and for a prompt.
BYTE_SECONDS, ANSWER_SECONDS, PROMPT_SECONDS = 2.0, 10.0, 3.0
#: For all of an answer, such as the digests of every file on a slow flash.
LONGEST_SECONDS = 60.0
PROMPT = b"raw REPL; CTRL-B to exit\r\n"
TRY_SECONDS = 0.5
_BROKEN = (OSError, serial.SerialException)
_GARBLED = (TransportError, struct.error, UnicodeDecodeError, IndexError)


class Line(SerialTransport):  # type: ignore[misc]
    """One open port; BoardGone once the cable is out, NoisyLine for what makes no sense.

    OSError or TransportError when the port can't be opened.
    """

    def __init__(self, device: str) -> None:
        super().__init__(device, baudrate=BAUD, timeout=BYTE_SECONDS, exclusive=True)

    def interrupt(self, seconds: float) -> bool:
        """Stop whatever runs and be at the raw prompt, its globals kept; whether it answered."""
        end, first = time.monotonic() + seconds, True
        while True:
            # twice: some programs take the first Ctrl-C for themselves
            self._say(b"\r\x03\x03")
            self._drain(0.05)
            self._say(b"\r\x01")
            if self._heard(PROMPT, min(TRY_SECONDS, max(0.1, end - time.monotonic()))):
                if first or self._asked_again():
                    self.in_raw_repl = self.use_raw_paste = True
                    return True
            first = False
            if time.monotonic() >= end:
                return False

    def _asked_again(self) -> bool:
        """A board that was busy answers all that it was asked meanwhile: hear that out first."""
        self._drain(0.1)
        self._say(b"\x01")
        return self._heard(PROMPT, TRY_SECONDS)

    def soft_reset(self) -> None:
        """Globals, memory and timers of what ran are gone; main.py is not run."""
        self._say(b"\x04")
        if not self._heard(b"soft reboot\r\n", PROMPT_SECONDS):
            raise NoisyLine(self._noise("did not restart when it was told to"))
        if not self._heard(PROMPT, ANSWER_SECONDS):
            raise NoisyLine(self._noise("did not come back after its restart"))

    def run(self, code: str) -> tuple[bytes, bytes]:
        """What a text printed and what it raised; NoisyLine when neither came."""
        with self._plain_errors("answers something else than it was asked"):
            self.exec_raw_no_follow(code)
            out, err = self.follow(ANSWER_SECONDS)
        return bytes(out), bytes(err)

    def leave(self, code: str) -> None:
        """Run a text that does not come back, such as a reset."""
        try:
            with self._plain_errors("did not take its restart"):
                self.exec_raw_no_follow(code)
        except BoardGone:
            pass  # by its own USB a board is gone before it acknowledges

    @contextmanager
    def _plain_errors(self, what: str) -> Iterator[None]:
        """mpremote's errors as ours, and what it prints on standard output nowhere."""
        try:
            with redirect_stdout(io.StringIO()):
                yield
        except _BROKEN as problem:
            raise self._gone() from problem
        except _GARBLED:
            raise NoisyLine(self._noise(what), "port") from None

    def lines(self, seconds: float) -> bytes:
        """What came meanwhile, at most so many seconds; BoardGone when nothing can come."""
        try:
            return bytes(self.serial.read(self.serial.in_waiting)) if self._ready(seconds) else b""
        except _BROKEN as problem:
            raise self._gone() from problem

    def close(self) -> None:
        """Let go of the port; may be called twice."""
        try:
            super().close()
        except _BROKEN:
            try:
                self.serial.close()
            except _BROKEN:
                pass  # it went with the cable

    def read_until(
        self, min_num_bytes: int, ending: bytes, timeout: float | None = PROMPT_SECONDS,
        data_consumer: Callable[[bytes], None] | None = None,
        timeout_overall: float | None = None,
    ) -> bytes:
        """As mpremote's, and never without end: what came until ``ending`` or the time was up.

        A board may talk on and on; of all it prints only an answer may take long.
        """
        assert data_consumer is None
        quiet = ANSWER_SECONDS if timeout is None else timeout
        whole = LONGEST_SECONDS if ending == b"\x04" else quiet
        until = time.monotonic() + (whole if timeout_overall is None else timeout_overall)
        data = bytearray()
        while not data.endswith(ending):
            left = min(quiet, until - time.monotonic())
            if left <= 0 or not self._ready(left):
                break
            data += self.serial.read(1)
        return bytes(data)

    def _heard(self, ending: bytes, seconds: float) -> bool:
        """Whether this came in time, whatever came before; something may talk all the time."""
        heard = bytearray()
        end = time.monotonic() + seconds
        try:
            while not heard.endswith(ending) and (left := end - time.monotonic()) > 0:
                if self._ready(left):
                    heard += self.serial.read(1)
                    del heard[:-len(ending)]
        except _BROKEN as problem:
            raise self._gone() from problem
        return heard.endswith(ending)

    def _drain(self, quiet: float) -> None:
        """Throw away what comes until it is quiet for so long, a second at most."""
        end = time.monotonic() + 1.0
        try:
            while time.monotonic() < end and self._ready(quiet):
                self.serial.read(self.serial.in_waiting or 1)
        except _BROKEN as problem:
            raise self._gone() from problem

    def _say(self, data: bytes) -> None:
        try:
            self.serial.write(data)
        except _BROKEN as problem:
            raise self._gone() from problem

    def _ready(self, seconds: float) -> bool:
        """Whether something can be read, after so many seconds at most."""
        if os.name == "posix":
            return bool(select.select([self.serial.fd], [], [], max(0.0, seconds))[0])
        return self._polled(seconds)

    def _polled(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not self.serial.in_waiting:
            if time.monotonic() >= end:
                return False
            time.sleep(0.002)
        return True

    def _gone(self) -> BoardGone:
        return BoardGone(
            f"The board on {self.device_name} is gone: plug the cable in firmly and run this"
            " again; it goes on where it stopped, and until then the board starts as before.",
            "port",
        )

    def _noise(self, what: str) -> str:
        return (f"The board on {self.device_name} {what}: use a shorter cable or another USB"
                " socket, and run this again.")
