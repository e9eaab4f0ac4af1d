"""A board on a serial port: the real MicroPython VM behind a pseudo-terminal.

    board = SerialBoard(folder).start()
    ... iotd flash --port board.port ...
    board.stop()

``folder`` is its flash, change by change. machine.reset() starts it anew with what lies
there then, or, with ``on_reset``, does what a test likes better.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import threading
import tty
from pathlib import Path
from typing import Any, Callable

from tests.firmware.vm import VM, ready_node

MACHINE = "Generic ESP32S3 module with ESP32S3"
RESET, CUT = 4, 9
FLASH_BYTES = 2 * 1024 * 1024


class SerialBoard:
    """From power-on to power-off; options go to terminal.mjs, which tells of them."""

    def __init__(
        self, flash: Path, *, machine: str = MACHINE, size: int = FLASH_BYTES,
        inputs: dict[str, Any] | None = None, kind: str = "camera", speed: float = 5.0,
        on_reset: Callable[["SerialBoard"], None] | None = None, **more: Any,
    ) -> None:
        flash.mkdir(parents=True, exist_ok=True)
        self.flash = flash
        self.resets = 0
        self._on_reset = on_reset
        self._told = {
            "flash": str(flash.resolve()), "bytes": size, "machine": machine, "kind": kind,
            "speed": speed, "inputs": json.dumps({"wifi": False, **(inputs or {})}),
            "fakes": str(VM / "fakes"), "cut_after": None, "hidden": 0, "garble": 0, "deaf": 0,
            "noise": "", **more,
        }
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._powered = self._over = False

    def instead(self, says: Callable[[bytes], bytes]) -> None:
        """Until start() something else answers on the port, such as a chip's boot loader."""
        def serve() -> None:
            while not (self._powered or self._over):
                if select.select([self._master], [], [], 0.02)[0]:
                    said = says(os.read(self._master, 65536))
                    while said and select.select([], [self._master], [], 0.1)[1]:
                        said = said[os.write(self._master, said[:256]):]

        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()

    def start(self) -> "SerialBoard":
        """Power on; returns at once."""
        self._powered = True
        if self._thread is not None:
            self._thread.join(10.0)
        self._boot("power")
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()
        return self

    def say(self, line: str) -> None:
        """Print a line on the port, for a board that goes on elsewhere after its reset."""
        try:
            os.write(self._master, line.encode() + b"\r\n")
        except OSError:
            pass  # nobody reads any more

    def reset(self) -> None:
        """Start anew at once, as a watchdog does it."""
        with self._lock:
            assert self._process is not None
            self._process.kill()
            self._process.wait()
            self._boot("reset")

    def hear(self) -> bytes:
        """What the board printed that nobody read yet, while no other program has the port."""
        os.set_blocking(self._slave, False)
        try:
            return os.read(self._slave, 65536)
        except OSError:
            return b""

    def unplug(self) -> None:
        """Power and port are gone at once."""
        with self._lock:
            self._powered = False
            if self._process is not None:
                self._process.kill()
                self._process.wait()
            for descriptor in (self._master, self._slave):
                if descriptor >= 0:
                    os.close(descriptor)
            self._master = self._slave = -1

    def stop(self) -> None:
        """Power off; process, port and thread are gone on return."""
        self._over = True
        if not self._powered and self._thread is not None:
            self._thread.join(10.0)
        self.unplug()
        if self._thread is not None:
            self._thread.join(10.0)

    def _boot(self, cause: str) -> None:
        told = json.dumps({**self._told, "cause": cause, "pty": self._master})
        self._process = subprocess.Popen(
            [ready_node(), str(VM / "terminal.mjs"), told], cwd=VM, pass_fds=[self._master],
            stdin=subprocess.DEVNULL,
        )

    def _live(self) -> None:
        """Watch the board: one that resets itself starts again."""
        while True:
            process = self._process
            assert process is not None
            code = process.wait()
            if code == CUT:
                self.unplug()
            with self._lock:
                if process is not self._process:
                    continue  # a test has started it anew
                if not self._powered or code != RESET:
                    return
                self.resets += 1
                if self._on_reset is not None:
                    break
                self._boot("reset")
        self._on_reset(self)
