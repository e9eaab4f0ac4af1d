"""Children of the bench: started on one core, measured, ended."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Sequence

import psutil

SERVER_CORE = 0
ROOT = Path(__file__).resolve().parent.parent


def client_core() -> int:
    """The last core that this process may use; the server's own when there is only one."""
    return max(os.cpu_count() or 1, 1) - 1


class Child:
    """One process on one core; ends when its stdin does."""

    def __init__(
        self, command: Sequence[str | Path], core: int, env: dict[str, str] | None = None,
        stdout: Any = subprocess.PIPE, stderr: Any = None,
    ) -> None:
        self._process = subprocess.Popen(
            ["taskset", "-c", str(core), *map(str, command)], cwd=ROOT, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=stdout, stderr=stderr, preexec_fn=_raise_open_files,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        )
        self._name = Path(command[0]).name
        self.pid = self._process.pid
        self._figures = psutil.Process(self.pid)

    def line(self) -> str:
        """The next line it prints; an error when it has ended instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name} ended with {self._process.wait()}")
        return line.strip()

    def json(self) -> dict[str, Any]:
        """The next line, which is JSON."""
        return json.loads(self.line())

    def say(self, word: str) -> None:
        """A word to its stdin."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def cpu(self) -> float:
        """Seconds of CPU so far, all threads, to the nanosecond."""
        return self._scheduled(0)

    def waited(self) -> float:
        """Seconds so far in which its threads were ready, and others had the core."""
        return self._scheduled(1)

    def _scheduled(self, field: int) -> float:
        tasks = Path(f"/proc/{self.pid}/task")
        return sum(_seconds(task, field) for task in tasks.iterdir())

    def rss(self) -> int:
        """Bytes of memory in use."""
        return int(self._figures.memory_info().rss)

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def end(self, patience: float = 10) -> int:
        """Close its stdin, ask, and at last kill it; gives its exit status."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            return self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self._process.terminate()
        try:
            return self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            if self._process.stdout is not None:
                self._process.stdout.close()


def server(module_or_binary: str | Path, *arguments: object) -> tuple[Child, int]:
    """A reference server on its core, and its port."""
    words = [str(argument) for argument in arguments]
    if isinstance(module_or_binary, Path):
        child = Child([module_or_binary, *words], SERVER_CORE)
    else:
        child = Child([sys.executable, "-m", module_or_binary, *words], SERVER_CORE)
    return child, int(child.line())


def until(what: str, condition: Any, timeout: float = 30, every: float = 0.1) -> None:
    """Wait for a condition of another process; RuntimeError naming ``what`` after ``timeout``."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {timeout:.0f} s: {what}")
        time.sleep(every)


def _seconds(task: Path, field: int) -> float:
    try:
        return int((task / "schedstat").read_text().split()[field]) / 1e9
    except (FileNotFoundError, ProcessLookupError):  # a thread that has just ended
        return 0.0


def _raise_open_files() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
