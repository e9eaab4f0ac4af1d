"""What people wait for while boards keep the daemon busy: pages, health, a camera's start."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections import defaultdict
from typing import Any, Callable

from bench.daemon import Iotd, camera_id
from bench.process import until

PATIENCE = 30.0
SOURCE = "127.40.0.1"


class Camera:
    """A field camera that sends no pictures; press() tells how long START took to come."""

    def __init__(self, iotd: Iotd) -> None:
        self._iotd = iotd
        self._sock = socket.socket()
        self._sock.bind((SOURCE, 0))
        self._sock.connect(("127.0.0.1", iotd.cameras))
        self._sock.settimeout(PATIENCE)
        self._path = f"/api/v1/cameras/{camera_id(SOURCE)}/"
        until("the camera is known", lambda: iotd.list_cameras(camera_id(SOURCE)), every=0.3)

    def press(self) -> None:
        """START from the request to the camera's ear, and STOP again."""
        self._say("start", b"START")

    def rest(self) -> None:
        """STOP, so that it can be pressed again."""
        self._say("stop", b"STOP")

    def close(self) -> None:
        """It goes away."""
        self._sock.close()

    def _say(self, button: str, word: bytes) -> None:
        self._iotd.api("POST", self._path + button)
        heard = b""
        while word not in heard:
            if not (more := self._sock.recv(64)):
                raise RuntimeError("the camera was cut off")
            heard += more


class Pages:
    """Asks for some pages again and again, each from a thread of its own; ``ms`` by page."""

    def __init__(self, iotd: Iotd) -> None:
        self.ms: dict[str, list[float]] = defaultdict(list)
        self._iotd, self._ending = iotd, threading.Event()
        self._fault: Exception | None = None
        self._camera = Camera(iotd)
        works: tuple[tuple[str, float, Callable[[], None]], ...] = (
            ("/healthz", 0.05, self._getter("/healthz")),
            ("GET /api/v1/boards", 1.0, self._getter("/api/v1/boards?limit=1000")),
            ("the page Devices", 1.0, self._getter("/devices")),
            ("START of a camera", 1.0, self._camera.press),
        )
        self._threads = [threading.Thread(target=self._ask, args=work) for work in works]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Ask no more; RuntimeError when somebody got no answer."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        self._camera.close()
        if self._fault is not None:
            raise RuntimeError(f"a page meanwhile: {self._fault}")

    def _getter(self, path: str) -> Callable[[], None]:
        link = http.client.HTTPConnection("127.0.0.1", self._iotd.web, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self._iotd.token}", "Accept-Encoding": "gzip"}

        def get() -> None:
            link.request("GET", path, headers=headers)
            answer = link.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status}")

        return get

    def _ask(self, name: str, pause: float, work: Callable[[], Any]) -> None:
        while not self._ending.wait(pause):
            begin = time.perf_counter()
            try:
                work()
            except Exception as fault:  # told when the wave is over
                self._fault = fault
                return
            self.ms[name].append((time.perf_counter() - begin) * 1000)
            if work == self._camera.press:
                self._camera.rest()
