"""Many virtual devices in one process, each with an address or a key of its own."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Callable, Iterable

from twisted.application.internet import ClientService, backoffPolicy
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from iotd.simulate.camera import CameraBoard
from iotd.simulate.pictures import Film, Studio
from iotd.simulate.scene import View
from iotd.wire.camera import CameraClient
from iotd.wire.hello import is_device_id

CONNECT_SECONDS = 10.0
LONGEST_WAIT = 30.0  # seconds between two tries to connect
LOOPBACK = ipaddress.IPv4Address("127.0.0.1")

Report = Callable[[str, str, str], None]  # name, state, detail


@dataclass(frozen=True)
class Plan:
    """One virtual camera: its key makes it a keyed one, its source is an own address."""

    name: str
    source: str | None = None
    key: bytes | None = None


def plan_cameras(count: int, keys: dict[str, bytes], host: str) -> list[Plan]:
    """``count`` field cameras and one keyed one for each key.

    On loopback each field camera has an address of its own, from 127.0.0.1 on;
    elsewhere they share this machine's, and the daemon numbers them.
    """
    local = is_loopback(host)
    plans = []
    for number in range(count):
        source = str(LOOPBACK + number) if local else None
        plans.append(Plan(source or f"field camera {number + 1}", source))
    return plans + [Plan(name, None, key) for name, key in keys.items()]


def is_loopback(host: str) -> bool:
    """Whether the daemon is reached over IPv4 loopback, where addresses are plenty."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.version == 4 and address.is_loopback


def parse_key(text: str) -> tuple[str, bytes]:
    """``ID=HEX`` as an id and its 32 bytes; ValueError says what is wrong, never the key."""
    name, _, digits = (part.strip() for part in text.strip().partition("="))
    if not is_device_id(name):
        raise ValueError(f"{name[:40]!r} is no device id: 3 to 32 of a-z, 0-9 and -")
    if not re.fullmatch("[0-9a-fA-F]{64}", digits):
        raise ValueError(f"the key of {name} is not 64 hex digits")
    return name, bytes.fromhex(digits)


def parse_keys(lines: Iterable[str]) -> dict[str, bytes]:
    """A file of ``ID=HEX`` lines; empty ones and ``#`` are passed over."""
    wanted = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return dict(parse_key(line) for line in wanted)


class Fleet(MultiService):
    """All cameras of a plan; ``report(name, state, detail)`` hears each change of state."""

    def __init__(
        self, reactor: Any, plans: list[Plan], host: str, port: int, report: Report,
        *, now: Callable[[], float], fps: float = 5.0, size: tuple[int, int] = (320, 240),
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._studio = Studio(reactor, now)
        self._cameras: list[VirtualCamera] = []
        for number, plan in enumerate(plans, 1):
            film = Film(self._studio.draw, View(plan.name, number, size))
            camera = VirtualCamera(reactor, plan, film, fps, report)
            camera.service(host, port).setServiceParent(self)  # type: ignore[no-untyped-call]
            self._cameras.append(camera)

    def startService(self) -> None:
        """Draw and connect."""
        self._studio.start()
        super().startService()  # type: ignore[no-untyped-call]

    async def stop(self) -> None:
        """Disconnect everywhere, then end the drawing."""
        stopped = self.stopService()  # type: ignore[no-untyped-call]
        for camera in self._cameras:
            camera.hang_up()
        await stopped
        self._studio.stop()


class VirtualCamera(Factory):
    """One camera over all its connections. Unlike field firmware it reconnects."""

    noisy = False

    def __init__(
        self, reactor: Any, plan: Plan, film: Film, fps: float, report: Report
    ) -> None:
        self._reactor, self._plan, self._film = reactor, plan, film
        self._fps, self._report = fps, report
        self._backoff = backoffPolicy(1.0, LONGEST_WAIT)  # type: ignore[no-untyped-call]
        self._board: CameraBoard | None = None
        self._denials = 0
        self._ending = False

    def service(self, host: str, port: int) -> ClientService:
        """What connects it, again and again."""
        return ClientService(
            self._endpoint(host, port), self,  # type: ignore[arg-type]
            retryPolicy=self._wait, clock=self._reactor,
        )

    def hang_up(self) -> None:
        """Drop the connection at once, whatever waits to be sent, and tell no more."""
        self._ending = True
        if self._board is not None:
            self._board.hang_up()

    def buildProtocol(self, addr: Any) -> CameraBoard:
        """A board that has just been switched on."""
        client = CameraClient(self._plan.name, field=self._plan.key is None)
        self._board = CameraBoard(
            self._reactor, client, self._film, self._fps, self._tell, self._plan.key
        )
        return self._board

    def _endpoint(self, host: str, port: int) -> Any:
        if is_loopback(host):
            address = "127.0.0.1" if host == "localhost" else host
            source = (self._plan.source, 0) if self._plan.source else None
            return _Telling(
                TCP4ClientEndpoint(  # type: ignore[no-untyped-call]
                    self._reactor, address, port, timeout=CONNECT_SECONDS, bindAddress=source
                ),
                self._tell,
            )
        return _Telling(
            HostnameEndpoint(  # type: ignore[no-untyped-call]
                self._reactor, host, port, timeout=CONNECT_SECONDS
            ),
            self._tell,
        )

    def _wait(self, failures: int) -> float:
        # a daemon that denies is asked less and less often, as one that is away
        denied = self._board is not None and self._board.denied
        self._denials = self._denials + 1 if denied else 0
        return float(self._backoff(failures + self._denials))

    def _tell(self, state: str, detail: str) -> None:
        if not self._ending:
            self._report(self._plan.name, state, detail)


class _Telling:
    """An endpoint that tells why it could not connect."""

    def __init__(self, endpoint: Any, tell: Callable[[str, str], None]) -> None:
        self._endpoint, self._tell = endpoint, tell
        self._told = ""

    def connect(self, factory: Factory) -> Deferred[Any]:
        """As the endpoint does; the same reason is told once."""
        return self._endpoint.connect(factory).addCallbacks(self._made, self._failed)

    def _made(self, protocol: Any) -> Any:
        self._told = ""
        return protocol

    def _failed(self, failure: Failure) -> Failure:
        reason = failure.getErrorMessage()
        if reason != self._told:
            self._told = reason
            self._tell("unreachable", reason)
        return failure
