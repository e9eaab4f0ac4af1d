"""The whole daemon as its users run it: twistd in a process of its own, and iotd beside it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Mapping, NamedTuple

import psutil

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("web", "cameras", "devices", "mqtt")
HERE = "interface=127.0.0.1"
SECONDS = 30.0


def until(holds: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    """The first true thing that ``holds`` gives; AssertionError naming ``what`` when none came."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)
    return found


class Answer(NamedTuple):
    """A whole response; the names of headers are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; None when empty."""
        return json.loads(self.body) if self.body else None


class RunningDaemon:
    """start(), stop(), start() again on the same ports; every call blocks until done.

    ``settings`` are sections of the configuration beside the listeners, or in their place;
    ``files`` limits how many files the process may have open.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, Mapping[str, Any]] | None = None,
        files: int | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self.data = self.folder / "var"
        self.ports = dict.fromkeys(NAMES, 0)
        self.settings = settings or {}
        self._files = files
        self._config = self.folder / "iotd.toml"
        self._log = self.folder / "log"
        self._environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process: subprocess.Popen[bytes] | None = None
        self._tokens: dict[str, str] = {}
        self.program: list[str | Path] = [Path(sys.executable).with_name("twistd")]

    # life

    def start(self) -> RunningDaemon:
        """Returns once it listens; its words so far are in the error when it never does."""
        self.launch()
        until(lambda: self.listening() or not self.alive, "the daemon listens")
        if not self.alive:
            raise AssertionError(f"the daemon didn't start: {self.log()}")
        self.ports |= {name: port for name, _, port in reversed(self.listening())}
        if self._embedded():
            self.ports["mqtt"] = int(until(self._gates_connect, "gates can connect")[1])
        return self

    def _embedded(self) -> bool:
        return str(self.settings.get("mqtt", {}).get("broker", "embedded")) == "embedded"

    def _gates_connect(self) -> re.Match[str] | None:
        return re.search(r"gates connect at mqtt \S+:(\d+)", self.log())

    def launch(self, terminal: int | None = None) -> subprocess.Popen[bytes]:
        """The process just begun, whatever becomes of it; its words go to ``terminal`` if given."""
        self._config.write_text(self._toml())
        limit = [] if self._files is None else ["prlimit", f"--nofile={self._files}"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*limit, *self.program, "--pidfile=", "-n", "iotd", "--config", self._config],
                cwd=self.folder, env=self._environ, stdout=terminal or log, stderr=terminal or log,
            )
        return self._process

    def listening(self) -> list[tuple[str, str, int]]:
        """What for, host and port of each TCP listener; empty before it listens."""
        _, told, rest = self.log().partition('"message": "listening: ')
        if not told or "\n" not in rest:
            return []
        found = re.findall(r"(web|cameras|devices) (\S+):(\d+)", rest.split('"')[0])
        return [(name, host, int(port)) for name, host, port in found]

    def end(self) -> int:
        """Wait for a start that fails; its exit code."""
        assert self._process is not None
        code = self._process.wait(SECONDS)
        self._process = None
        return code

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int | None:
        """As systemd stops it; the exit code, None when it did not run."""
        if self._process is None:
            return None
        self._process.send_signal(how)
        return self.end()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def process(self) -> psutil.Process:
        """For its figures."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def rss(self) -> float:
        """MiB of memory."""
        return float(self.process.memory_info().rss) / 2**20

    # words

    def log(self) -> str:
        """What it logged since it was started last."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def lines(self) -> list[dict[str, Any]]:
        """The same, line by line; a line that is no JSON object is an error."""
        return [json.loads(line) for line in self.log().split("\n") if line]

    def iotd(self, *words: str, stdin: str = "") -> str:
        """What a command prints; AssertionError when it fails."""
        done = self.command(*words, stdin=stdin)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout.strip()

    def command(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """A command of ``iotd`` run to its end."""
        return subprocess.run(
            [sys.executable, "-m", "iotd.cli.main", *words, "--config", self._config],
            cwd=self.folder, env=self._environ, capture_output=True, text=True, input=stdin,
        )

    # over HTTP

    def token(self, role: str = "operator") -> str:
        """The secret of a bearer token of this role, made at its first use."""
        if role not in self._tokens:
            name = f"tests-{role}"
            self._tokens[role] = self.iotd("token", "add", name, "--role", role)
        return self._tokens[role]

    def call(self, method: str, path: str, body: Any = None, role: str = "operator") -> Any:
        """The JSON of an answer that is no refusal."""
        answer = self.ask(method, path, body, role=role)
        assert answer.status < 300, (path, answer)
        return answer.json

    def ask(
        self, method: str, path: str, body: Any = None, *, role: str | None = "operator",
        headers: Mapping[str, str] | None = None,
        over: http.client.HTTPConnection | None = None,
    ) -> Answer:
        """Any answer, to a request with this role's token; bytes are sent as they are.

        ``over`` a connection of the caller's, else over a new one.
        """
        with self.open(method, path, body, role=role, headers=headers, over=over) as response:
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, response.read())

    def open(
        self, method: str, path: str, body: Any = None, *, role: str | None = "operator",
        headers: Mapping[str, str] | None = None,
        over: http.client.HTTPConnection | None = None,
    ) -> http.client.HTTPResponse:
        """A response whose body is still to be read; closing it closes the connection."""
        told = dict(headers or {})
        if role is not None:
            told.setdefault("Authorization", f"Bearer {self.token(role)}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            told.setdefault("Content-Type", "application/json")
        if over is None:
            told.setdefault("Connection", "close")
            over = http.client.HTTPConnection("127.0.0.1", self.ports["web"], timeout=SECONDS)
        over.request(method, path, body=body, headers=told)
        return over.getresponse()

    def stream(self, camera: str, parts: int) -> list[bytes]:
        """The next so many pictures of a camera, as a browser gets them."""
        with self.open("GET", f"/cameras/{camera}/stream.mjpeg") as response:
            return [picture_in(response)[1] for _ in range(parts)]

    def _toml(self) -> str:
        sections: dict[str, dict[str, Any]] = {
            "web": {"listen": [f"tcp:{self.ports['web']}:{HERE}"]},
            "devices": {"listen": [f"tcp:{self.ports['devices']}:{HERE}"]},
            "cameras": {"listen": [f"tcp:{self.ports['cameras']}:{HERE}"]},
            "mqtt": {"listen": f"tcp:{self.ports['mqtt']}:{HERE}"},
        }
        for name, keys in self.settings.items():
            sections.setdefault(name, {}).update(keys)
        lines = [f"data_dir = {json.dumps(str(self.data))}"]
        for name, keys in sections.items():
            lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
        return "\n".join(lines) + "\n"


def picture_in(stream: Any) -> tuple[dict[str, str], bytes]:
    """The next part of a multipart stream: headers in small letters, and the picture.

    Written after RFC 2046 alone, so that it shares no mistake with the daemon.
    """
    line = stream.readline().strip()
    while not line.startswith(b"--"):
        assert not line, line
        line = _more(stream.readline()).strip()
    headers: dict[str, str] = {}
    while line := _more(stream.readline()).strip().decode():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers["content-length"])
    picture = b""
    while len(picture) < length:
        picture += _more(stream.read(length - len(picture)))
    _more(stream.readline())
    return headers, picture


def _more(data: bytes) -> bytes:
    if not data:
        raise EOFError("the stream ended")
    return data
