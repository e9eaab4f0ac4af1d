"""Pictures drawn in one thread for all cameras; who is early sends the last one again."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from iotd.simulate.scene import View, draw
from iotd.simulate.shelf import draw_shelf


class Studio:
    """The thread that draws; Pillow gains nothing from a second one per core here."""

    def __init__(self, reactor: Any, now: Callable[[], float]) -> None:
        self._reactor = reactor
        self._now = now
        self._threads = ThreadPool(0, 1, "pictures")

    def start(self) -> None:
        """Begin to draw."""
        self._threads.start()

    def stop(self) -> None:
        """End the thread; blocks while one picture is finished."""
        self._threads.stop()

    def draw(self, view: View) -> Deferred[bytes]:
        """A picture of this moment."""
        return deferToThreadPool(self._reactor, self._threads, draw, view, self._now())

    def draw_shelf(self, counts: Mapping[str, int]) -> Deferred[bytes]:
        """A picture of a cabinet with so many packages, as it looks at this moment."""
        seed = int(self._now() * 1000)
        return deferToThreadPool(self._reactor, self._threads, draw_shelf, counts, seed)


class Film:
    """One camera's newest picture, renewed while it is looked at."""

    _log = Logger()

    def __init__(self, draw: Callable[[View], Deferred[bytes]], view: View) -> None:
        self.view = view
        self._draw = draw
        self._newest: bytes | None = None
        self._busy = False

    def next(self) -> bytes | None:
        """The newest picture, None before the first; a newer one is begun.

        So a machine that can't draw as fast as the cameras send shows each
        picture several times instead of falling behind.
        """
        if not self._busy:
            self._busy = True
            self._draw(self.view).addCallbacks(
                self._keep, self._give_up, callbackArgs=(self.view,)
            )
        return self._newest

    def change(self, view: View) -> None:
        """Another setting; pictures of the old one are not sent any more."""
        self.view = view
        self.rewind()

    def rewind(self) -> None:
        """Forget the newest picture: it was drawn before the camera was started."""
        self._newest = None

    def _keep(self, jpeg: bytes, view: View) -> None:
        self._busy = False
        if view is self.view:
            self._newest = jpeg

    def _give_up(self, failure: Any) -> None:
        # the camera goes on with what it has
        self._busy = False
        self._log.failure("drawing a picture failed", failure=failure)
