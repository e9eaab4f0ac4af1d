"""A real Mosquitto for tests: its own folder, a free port, killed and started again."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Sequence

HERE = "127.0.0.1"
START_SECONDS = 20
#: What our own deploy/mosquitto.conf says about sizes, without accounts.
LARGE = (
    "max_inflight_messages 1000", "max_queued_messages 1000000", "max_queued_bytes 0",
    "max_packet_size 1048576",
)
OPEN = ("allow_anonymous true",)


class Mosquitto:
    """One broker in ``folder``; ``lines`` are added to its configuration.

    ``Mosquitto(folder).start()`` listens on 127.0.0.1:``port`` when it returns, keeps what
    is queued in ``folder`` (written at a stop, and every ``autosave`` changes), and hears anybody.
    """

    def __init__(
        self, folder: Path, *lines: str, allow: Sequence[str] = OPEN, sizes: Sequence[str] = LARGE,
        autosave: int = 1,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self.port = 0
        self._lines = (*sizes, *allow, *lines)
        self._autosave = autosave
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """As ``mqtt.broker`` names it."""
        return f"mqtt://{HERE}:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> Mosquitto:
        """Start it, or start it again on the same port; returns when it listens."""
        for _ in range(5):  # a free port may be taken between asking and binding
            self.port = self.port or free_port()
            self.launch()
            if self._listens():
                return self
            self.port = 0
        raise AssertionError(f"mosquitto did not start: {self.log()[-4000:]}")

    def launch(self) -> None:
        """Begin to start it; it may not listen yet."""
        self.port = self.port or free_port()
        conf = self.folder / "mosquitto.conf"
        conf.write_text("\n".join(self._conf()) + "\n")
        self._process = subprocess.Popen(
            [_program(), "-c", str(conf)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"), preexec_fn=_end_with_parent,
        )

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order: what is queued is written down first."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Make it hang: connected, but silent."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def reload(self) -> None:
        """Let it read passwords and ACL again."""
        os.kill(self.pid, signal.SIGHUP)

    def save(self) -> None:
        """Let it write down what it has, handed out or queued; ``autosave`` minds the queue only.

        Look for it in ``folder/mosquitto.db``: it is written soon, not yet.
        """
        os.kill(self.pid, signal.SIGUSR1)

    def log(self) -> str:
        """What it said so far."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _conf(self) -> tuple[str, ...]:
        return (
            f"listener {self.port} {HERE}", "persistence true",
            f"persistence_location {self.folder}/", "autosave_on_changes true",
            f"autosave_interval {self._autosave}", "log_dest stderr", *_as_root(), *self._lines,
        )

    def _listens(self) -> bool:
        end = time.monotonic() + START_SECONDS
        while self._process is not None and self._process.poll() is None:
            try:
                socket.create_connection((HERE, self.port), timeout=1).close()
                return True
            except OSError:
                if time.monotonic() > end:
                    return False
                time.sleep(0.01)
        return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            if how is not signal.SIGKILL:
                self._process.send_signal(signal.SIGCONT)
            self._process.wait(30)
            self._process = None


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])


def _program() -> str:
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if found is None:
        raise AssertionError("mosquitto is not installed: deploy/test-setup.sh installs it")
    return found


def _as_root() -> tuple[str, ...]:
    """As root it would change to a user that may not write into a test's folder."""
    return ("user root",) if os.geteuid() == 0 else ()


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
