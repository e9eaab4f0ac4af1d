"""The load: cameras that send, viewers that watch, both on the clients' core."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator

from bench.build import build
from bench.frames import FRAME_BYTES, write_frames
from bench.process import Child, client_core

FPS = 25
SAMPLES = 5  # viewers that parse each part; the others only count bytes


@dataclass(frozen=True)
class Source:
    """Where a stream is to be had: a process, its port, a path and request headers.

    ``fleet`` is held while viewers connect, so that no frames pile up before a window.
    """

    name: str
    process: Child
    port: int
    path: str = "/"
    headers: Path | None = None
    fleet: Cameras | None = None


@dataclass(frozen=True)
class Watched:
    """What viewers got in one window, and what it cost the server; times in ms, cost in s."""

    viewers: int
    seconds: float
    frames: float
    offered: int
    least: float
    cpu: float
    client_cpu: float
    rss: int
    p50: float
    p99: float

    @property
    def per_thousand(self) -> float:
        """CPU-s of the server for 1000 delivered frames."""
        return self.cpu / self.frames * 1000 if self.frames else float("inf")

    @property
    def skipped(self) -> float:
        """Share of frames that viewers did not get; a camera held up counts as well."""
        wanted = self.viewers * max(self.offered, round(self.seconds * FPS))
        return max(0.0, 1 - self.frames / wanted) if wanted else 1.0

    @property
    def rate(self) -> float:
        """Viewer-frames a second."""
        return self.frames / self.seconds

    @property
    def paced_rate(self) -> float:
        """The same without what was queued before the window: no more than 25 fps each."""
        return min(self.rate, float(self.viewers * FPS))

    @property
    def per_cpu_second(self) -> float:
        """Viewer-frames for each second of the server's CPU: a whole core, undisturbed."""
        return self.frames / self.cpu if self.cpu else 0.0

    @property
    def busy(self) -> float:
        """Share of its core that the server used."""
        return self.cpu / self.seconds


class Bench:
    """A temporary folder with the helpers and the pictures; ends what it started."""

    def __init__(self, quick: bool, say: Callable[[str], None]) -> None:
        self.quick, self.say = quick, say
        self._stack = ExitStack()
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory("-iotd-bench")))
        self.binaries = build(self.folder)
        self.frames = write_frames(self.folder)
        self._no_headers = self.folder / "no-headers"
        self._no_headers.write_text("")

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def keep(self, child: Child) -> Child:
        """End ``child`` with the bench at the latest."""
        self._stack.callback(child.end)
        return child

    def defer(self, end: Callable[[], object]) -> None:
        """Call ``end`` when the bench ends."""
        self._stack.callback(end)

    def viewers(
        self, source: Source, count: int, mode: str, warm: float = 1, seconds: float = 3,
        samples: int = SAMPLES, rate: float = 0,
    ) -> Child:
        """Open viewers; returns when every one has its answer."""
        child = Child(
            [self.binaries["viewers"], str(source.port), str(count), source.path,
             source.headers or self._no_headers, str(min(samples, count)), str(warm),
             str(seconds), mode, str(rate)],
            client_core(),
        )
        if child.line() != "ready":
            raise RuntimeError(f"viewers of {source.name} did not get ready")
        return child

    @contextmanager
    def held(self, source: Source, count: int, mode: str) -> Iterator[Child]:
        """Viewers that stay while the block runs; ``mode`` is "stalled" or "hold"."""
        child = self.viewers(source, count, mode, samples=0)
        try:
            yield child
        finally:
            child.end()

    def watch(self, source: Source, count: int, seconds: float, warm: float = 1) -> Watched:
        """``count`` viewers for ``seconds``, and the server's cost in that window."""
        if source.fleet:
            source.fleet.pause()
        child = self.viewers(source, count, "count", warm, seconds)
        if source.fleet:
            source.fleet.go()
        try:
            if child.line() != "begin":
                raise RuntimeError("viewers did not begin")
            cpu = source.process.cpu()
            got = child.json()
            cpu = source.process.cpu() - cpu
            return _watched(got, cpu, source.process.rss())
        finally:
            child.end()

    def cameras(
        self, port: int, count: int, first: str, fps: float = FPS, piece: int = 65_536,
    ) -> Cameras:
        """``count`` field cameras from loopback address ``first`` on; silent until START."""
        child = Child(
            [self.binaries["cameras"], str(port), str(count), self.frames, str(FRAME_BYTES),
             str(fps), str(piece), first],
            client_core(),
        )
        self.keep(child)
        return Cameras(child)


class Cameras:
    """The process of many cameras."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self.end = child.end

    def figures(self) -> dict[str, Any]:
        """Counts so far: connected, started, frames, bytes, late, lost."""
        self._child.say("stat")
        return self._child.json()

    def pause(self) -> None:
        """No pictures for now; one under way is finished."""
        self._child.say("pause")

    def go(self) -> None:
        """Pictures again."""
        self._child.say("go")


def _watched(got: dict[str, Any], cpu: float, rss: int) -> Watched:
    if got["failed"]:
        raise RuntimeError(f"{got['failed']} of {got['viewers']} viewers were lost")
    if got["part_min"] != got["part_max"]:
        raise RuntimeError("parts are not of one size, so bytes cannot be counted as parts")
    return Watched(
        got["viewers"], got["seconds"], got["frames"], got["offered"], got["least"], cpu,
        got["client_cpu"], rss, got["p50_ms"], got["p99_ms"],
    )
