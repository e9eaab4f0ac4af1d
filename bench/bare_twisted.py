"""Bare Twisted with ``transport.write``: what the framework alone costs.

``python -m bench.bare_twisted FRAMES FRAME_BYTES FPS`` prints its port and ends with its stdin.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor, stdio
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure
from zope.interface import implementer

from bench.loop import HEAD, Parts

reactor: Any = _reactor


@implementer(IPushProducer)
class Viewer(Protocol):
    """Streams after any request; skips parts while its transport is full."""

    streaming: set[Viewer]
    transport: Any
    busy = False

    def dataReceived(self, data: bytes) -> None:
        """The request; its end begins the stream."""
        if data.endswith(b"\r\n\r\n") and self not in self.streaming:
            self.transport.registerProducer(self, True)
            self.transport.write(HEAD)
            self.streaming.add(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Gone."""
        self.streaming.discard(self)

    def pauseProducing(self) -> None:
        """The transport holds 64 KiB."""
        self.busy = True

    def resumeProducing(self) -> None:
        """The transport is empty again."""
        self.busy = False

    def stopProducing(self) -> None:
        """Gone."""


class _Stdin(Protocol):
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        reactor.stop()


def main(frames: str, size: str, fps: str) -> None:
    """Serve until stdin ends."""
    streaming: set[Viewer] = set()
    parts = Parts(Path(frames), int(size))
    factory = Factory.forProtocol(type("Streaming", (Viewer,), {"streaming": streaming}))
    port = reactor.listenTCP(0, factory, 4096, "127.0.0.1")

    def tick() -> None:
        part = parts.next()
        for viewer in tuple(streaming):
            if not viewer.busy:
                viewer.transport.write(part)

    stdio.StandardIO(_Stdin())
    print(port.getHost().port, flush=True)
    LoopingCall(tick).start(1 / float(fps))
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
