"""The whole product as a child: its own data, free ports, tokens, cameras started by its API."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Sequence

from bench.load import Bench, Cameras, Source
from bench.process import ROOT, SERVER_CORE, Child, until

BIN = Path(sys.executable).parent
STREAMS_OF_A_TOKEN = 1024

CONFIG = """
data_dir = "{data}"
[web]
listen = ["tcp:{web}:interface=127.0.0.1"]
max_connections = 16000
max_connections_per_address = 16000
[devices]
listen = ["tcp:{devices}:interface=127.0.0.1"]
enrolment = "open"
max_connections = 16000
max_connections_per_address = 16000
[cameras]
listen = ["tcp:{cameras}:interface=127.0.0.1"]
max_connections = 16000
max_connections_per_address = 16000
[mqtt]
listen = "tcp:{mqtt}:interface=127.0.0.1"
"""


class Iotd:
    """A running daemon on the servers' core; ``viewers``: how many will be open at once.

    ``more`` goes to the end of its configuration, behind ``listen`` of [mqtt]; ``program``
    takes twistd's words in place of twistd.
    """

    def __init__(
        self, bench: Bench, viewers: int = 1, name: str = "iotd", more: str = "",
        program: Sequence[str | Path] = (BIN / "twistd",),
    ) -> None:
        self._bench, self._program = bench, program
        self._folder = bench.folder / name
        shutil.rmtree(self._folder, ignore_errors=True)  # of one that did not start
        self._folder.mkdir()
        self.web, self.devices, self.cameras, mqtt = free_ports(4)
        self._config = self._folder / "iotd.toml"
        self._config.write_text(CONFIG.format(
            data=self._folder / "var", web=self.web, devices=self.devices,
            cameras=self.cameras, mqtt=mqtt,
        ) + more)
        tokens = -(-viewers // STREAMS_OF_A_TOKEN)
        self._tokens = [self._token(f"bench-{n}") for n in range(tokens)]
        self._headers = self._folder / "headers"
        self._headers.write_text("".join(f"Authorization: Bearer {t}\n" for t in self._tokens))
        self._log = open(self._folder / "log", "w")
        self.process = self._start()

    @property
    def token(self) -> str:
        """An admin's."""
        return self._tokens[0]

    def source(self, camera: str, fleet: Cameras | None = None) -> Source:
        """The stream of one camera, and who sends it."""
        path = f"/cameras/{camera}/stream.mjpeg"
        return Source("iotd", self.process, self.web, path, self._headers, fleet)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """One call as an admin's script makes it."""
        with self.open(method, path, body) as answer:
            return json.loads(answer.read() or "null")

    def open(self, method: str, path: str, body: Any = None) -> Any:
        """The same, with the answer still to be read."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.web}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._tokens[0]}",
                     "Content-Type": "application/json"},
        )
        return urllib.request.urlopen(request, timeout=60)

    def list_cameras(self, first: str = "") -> list[dict[str, Any]]:
        """Every camera whose id begins so."""
        cameras = self._all("/api/v1/cameras?limit=1000")
        return [camera for camera in cameras if camera["id"].startswith(first)]

    def list_devices(self) -> list[dict[str, Any]]:
        """Every device."""
        return self._all("/api/v1/devices?limit=1000")

    def _all(self, path: str | None) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        while path:
            page = self.api("GET", path)
            items += page["items"]
            path = page["next"]
        return items

    def add_cameras(self, count: int, first: str, fps: float = 25, piece: int = 65_536) -> Cameras:
        """Cameras that are connected, approved, started and streaming."""
        fleet = self._bench.cameras(self.cameras, count, first, fps, piece)
        self.start_cameras(fleet, count, first)
        return fleet

    def start_cameras(self, fleet: Cameras, count: int, first: str) -> None:
        """Press start for each of a fleet; returns when all have heard it."""
        name = camera_prefix(first)
        until(f"{count} cameras known", lambda: len(self.list_cameras(name)) >= count, every=0.3)
        for camera in self.list_cameras(name):
            self.api("POST", f"/api/v1/cameras/{camera['id']}/start")
        until("cameras started", lambda: fleet.figures()["started"] >= count)

    def end(self) -> None:
        """Stop it and forget its data."""
        status = self.process.end()
        self._log.close()
        if status not in (0, -15):
            raise RuntimeError(f"iotd ended with {status}: {self.last_words()}")
        shutil.rmtree(self._folder)

    def restart(self) -> None:
        """Stop it as systemd does, and start it again on the same ports and data."""
        self.process.end()
        self.process = self._start()

    def command(self, *words: str | Path) -> str:
        """What a command of ``iotd`` prints."""
        done = subprocess.run(
            [str(BIN / "iotd"), *map(str, words), "--config", str(self._config)], cwd=ROOT,
            capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        if done.returncode:
            raise RuntimeError(f"iotd {words[0]}: {done.stderr or done.stdout}")
        return done.stdout.strip()

    def last_words(self) -> str:
        """The end of its log."""
        return (self._folder / "log").read_text()[-2000:]

    def _token(self, name: str) -> str:
        return self.command("token", "add", name, "--role", "admin")

    def _start(self) -> Child:
        child = Child(
            [*self._program, "--pidfile=", "-n", "iotd", "--config", self._config],
            SERVER_CORE, {"PYTHONPATH": str(ROOT)}, self._log, self._log,
        )
        self._bench.keep(child)
        try:
            until("iotd answers", lambda: self._answers(child))
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {self.last_words()}") from None
        return child

    def _answers(self, child: Child) -> bool:
        if not child.alive():
            raise RuntimeError("iotd ended at its start")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web}/healthz", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False


def camera_prefix(first: str) -> str:
    """How ids begin of cameras that connect from ``first`` on: its first two numbers."""
    return "cam-" + "-".join(first.split(".")[:2]) + "-"


def camera_id(address: str) -> str:
    """The name of a silent camera of this address."""
    return "cam-" + address.replace(".", "-")


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
