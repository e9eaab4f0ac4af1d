"""What the framework alone costs where boards meet the daemon.

    python -m bench.board_plain files FOLDER     static.File of Twisted: prints its port
    python -m bench.board_plain accept PORT …    accepts, and does nothing else

Ends with its stdin.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import reactor as _reactor, stdio
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.server import Site
from twisted.web.static import File

reactor: Any = _reactor
BACKLOG = 4096


class _Stdin(Protocol):
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        reactor.stop()


def main(what: str, *words: str) -> None:
    """Serve until stdin ends."""
    if what == "files":
        site = Site(File(words[0]))
        port = reactor.listenTCP(0, site, BACKLOG, "127.0.0.1").getHost().port
    else:
        for word in words:
            factory = Factory.forProtocol(Protocol)
            port = reactor.listenTCP(int(word), factory, BACKLOG, "127.0.0.1").getHost().port
    stdio.StandardIO(_Stdin())
    print(port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
