"""The whole daemon as its users run it: twistd in a process of its own, and iotd beside it."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from iotd.wire.events import NEED_DATA
from iotd.wire.multipart import PartReader

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIG = """
data_dir = "{folder}/var"
[web]
listen = ["tcp:{web}:interface=127.0.0.1"]
[devices]
listen = ["tcp:0:interface=127.0.0.1"]
[cameras]
listen = ["tcp:{cameras}:interface=127.0.0.1"]
[mqtt]
listen = "tcp:0:interface=127.0.0.1"
"""


class RunningDaemon:
    """start(), stop(), start() again on the same ports; every call blocks until done."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self.ports = {"web": 0, "cameras": 0}
        self._config = self.folder / "iotd.toml"
        self._log = self.folder / "log"
        self._environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process: subprocess.Popen[bytes] | None = None
        self._token = ""

    def start(self) -> None:
        """Returns once it listens; its words so far are in the error when it never does."""
        self._config.write_text(CONFIG.format(folder=self.folder, **self.ports))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("twistd"), "--pidfile=", "-n", "iotd",
                 "--config", self._config],
                cwd=self.folder, env=self._environ, stdout=log, stderr=log,
            )
        until = time.monotonic() + 30
        while len(found := re.findall(r"(web|cameras) 127\.0\.0\.1:(\d+)", self.log())) < 2:
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"the daemon didn't start: {self.log()}")
            time.sleep(0.05)
        self.ports = {name: int(port) for name, port in found}

    def stop(self) -> None:
        """As systemd stops it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def log(self) -> str:
        """What it logged since it was started last."""
        return self._log.read_text(errors="replace")

    def iotd(self, *words: str) -> str:
        """What a command prints; AssertionError when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "iotd.cli.main", *words, "--config", self._config],
            cwd=self.folder, env=self._environ, capture_output=True, text=True,
        )
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout.strip()

    def call(self, method: str, path: str) -> Any:
        """The JSON of an answer, asked for with an operator's token."""
        response = self._ask(method, path)
        body = response.read()
        assert response.status < 300, (path, response.status, body)
        return json.loads(body)

    def stream(self, camera: str, parts: int) -> list[bytes]:
        """The next so many pictures of a camera, as a browser gets them."""
        response = self._ask("GET", f"/cameras/{camera}/stream.mjpeg")
        reader = PartReader()
        pictures: list[bytes] = []
        while len(pictures) < parts:
            reader.receive_data(response.read1(65536))
            while (part := reader.next_part()) is not NEED_DATA:
                pictures.append(part.body)
        response.close()
        return pictures

    def _ask(self, method: str, path: str) -> http.client.HTTPResponse:
        self._token = self._token or self.iotd("token", "add", "tests", "--role", "operator")
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["web"], timeout=30)
        connection.request(method, path, headers={"Authorization": f"Bearer {self._token}"})
        return connection.getresponse()
