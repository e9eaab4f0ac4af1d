"""Many virtual cameras: their addresses, their keys, and that they come back."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from iotd.simulate.camera import CameraBoard
from iotd.simulate.comeback import Comeback
from iotd.simulate.fleet import Fleet
from iotd.simulate.pictures import Film
from iotd.simulate.plans import (
    Plan, is_loopback, parse_key, parse_keys, plan_cameras, plan_devices,
)
from iotd.simulate.scene import View
from iotd.simulate.virtual import Virtual
from iotd.wire.camera import CameraClient
from tests.simulate.link import Link

HEX = "0f" * 32


class Plans(SynchronousTestCase):
    """Who connects from where."""

    def test_field_cameras_have_loopback_addresses_of_their_own(self) -> None:
        """The first comes from 127.0.0.1, the next from 127.0.0.2, and so on past 255."""
        plans = plan_cameras(300, [], "localhost")
        self.assertEqual(plans[0], Plan("127.0.0.1", "127.0.0.1"))
        self.assertEqual(plans[1], Plan("127.0.0.2", "127.0.0.2"))
        self.assertEqual(plans[299].source, "127.0.1.44")

    def test_elsewhere_they_share_an_address(self) -> None:
        """Against another machine field cameras come from this one's own address."""
        self.assertEqual(plan_cameras(1, [], "10.0.0.5"), [Plan("field camera 1")])

    def test_keyed_cameras_need_no_address(self) -> None:
        """A key makes one keyed camera, beside the field ones."""
        plans = plan_cameras(1, [Plan("hall", None, b"k" * 32)], "127.0.0.1")
        self.assertEqual(plans[1], Plan("hall", None, b"k" * 32))

    def test_devices_have_addresses_of_their_own(self) -> None:
        """Watches, cabinets and their cameras each come from 127.0.0.1 on, by field ids."""
        plans = plan_devices(2, 1, "127.0.0.1")
        self.assertEqual([(plan.id, plan.source) for plan in plans], [
            ("wch", "127.0.0.1"), ("wch", "127.0.0.2"), ("cab", "127.0.0.1"),
            ("img", "127.0.0.1")])

    def test_what_loopback_is(self) -> None:
        """Only IPv4 loopback has addresses to spare."""
        for host, local in (("localhost", True), ("127.0.0.9", True), ("::1", False),
                            ("10.0.0.1", False), ("iot.example", False)):
            self.assertEqual(is_loopback(host), local, host)


class Keys(SynchronousTestCase):
    """``ID=HEX``."""

    def test_good_ones(self) -> None:
        """An id and 64 hex digits, in a file with comments and empty lines."""
        self.assertEqual(parse_key(f"hall={HEX}"), Plan("hall", None, bytes.fromhex(HEX)))
        self.assertEqual(parse_key(f"watch:wrist={HEX}").kind, "watch")
        known = parse_keys(["# mine\n", "\n", f"hall={HEX}\n", f" yard = {HEX.upper()} \n"])
        self.assertEqual([plan.name for plan in known], ["hall", "yard"])

    def test_bad_ones_are_never_quoted(self) -> None:
        """A fault names the id, not the key."""
        for text in ("hall", "hall=12", f"fridge:hall={HEX}",
                     f"Hall={HEX}", f"={HEX}", f"hall={HEX}0", HEX):
            told = str(self.assertRaises(ValueError, parse_key, text))
            self.assertNotIn(HEX[:41], told)


class Coming(SynchronousTestCase):
    """Connecting, and connecting again."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.told: list[tuple[str, str]] = []
        self.drawn = 0.05  # of chance, 0 to 1

    def camera(self, plan: Plan, host: str = "127.0.0.1") -> Any:
        """A started service of one camera."""
        film = Film(lambda view: Deferred(), View(plan.name, 1))

        def make(tell: Any) -> CameraBoard:
            client = CameraClient(plan.name, field=plan.key is None)
            return CameraBoard(self.reactor, client, film, 5.0, tell, plan.key)

        camera = Virtual(
            self.reactor, plan, make, lambda name, state, told: self.told.append((state, told)),
            Comeback(lambda: self.drawn, 30.0),
        )
        service = camera.service(host, 9001)
        service.startService()
        self.addCleanup(service.stopService)
        return camera

    def refuse(self) -> None:
        """The newest try to connect fails."""
        factory = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(ConnectionRefusedError("nobody there")))

    def accept(self) -> Any:
        """The newest try to connect succeeds; gives the protocol."""
        protocol = self.reactor.tcpClients[-1][2].buildProtocol(None)
        protocol.makeConnection(Link())
        return protocol

    def test_it_comes_from_its_own_address(self) -> None:
        """The camera's source address is bound."""
        self.camera(Plan("127.0.0.7", "127.0.0.7"), "localhost")
        host, port, _, _, source = self.reactor.tcpClients[0]
        self.assertEqual((host, port, source), ("127.0.0.1", 9001, ("127.0.0.7", 0)))

    def test_it_tries_again_and_tells_once(self) -> None:
        """It tries again with growing pauses; the same reason is told once."""
        self.camera(Plan("127.0.0.1", "127.0.0.1"))
        for tries in range(1, 6):
            self.assertEqual(len(self.reactor.tcpClients), tries)
            self.refuse()
            self.reactor.advance(31.0)
        self.assertEqual([state for state, _ in self.told], ["unreachable"])
        self.assertIn("nobody there", self.told[0][1])

    def test_it_comes_back(self) -> None:
        """After a lost connection it connects again within three seconds."""
        self.camera(Plan("127.0.0.1", "127.0.0.1"))
        self.accept().connectionLost(Failure(ConnectionRefusedError()))
        self.reactor.advance(3.0)
        self.accept()
        self.assertEqual([state for state, _ in self.told], ["connected", "lost", "connected"])

    def test_a_denied_one_asks_seldom(self) -> None:
        """A denial costs at least half of the longest wait, as on our boards."""
        camera = self.camera(Plan("hall", None, b"k" * 32))
        self.accept().dataReceived(b"denied\n")
        self.assertEqual(camera._wait(0), 15.75)

    def test_one_that_starts_anew_is_back_soon(self) -> None:
        """A board that starts anew by itself needs two seconds, whatever chance says."""
        camera = self.camera(Plan("hall", None, b"k" * 32))
        self.accept()
        camera._board.rebooted = True
        self.drawn = 0.99
        self.assertEqual(camera._wait(0), 2.0)

    def test_ending_is_quiet(self) -> None:
        """Whoever is asked to end drops the connection and tells nothing more."""
        camera = self.camera(Plan("127.0.0.1", "127.0.0.1"))
        protocol = self.accept()
        camera.hang_up()
        protocol.connectionLost(Failure(ConnectionRefusedError()))
        self.assertEqual([state for state, _ in self.told], ["connected"])
        self.assertTrue(protocol.transport.disconnected or protocol.transport.aborting)

    def test_a_fleet_starts_and_stops(self) -> None:
        """All cameras of a plan connect, and nothing is left after the stop."""
        fleet = Fleet(
            self.reactor, plan_cameras(3, [], "127.0.0.1"), "127.0.0.1", {"camera": 9001},
            lambda *told: None, now=lambda: 0.0,
        )
        fleet.startService()
        self.assertEqual(len(self.reactor.tcpClients), 3)
        self.refuse()
        self.successResultOf(Deferred.fromCoroutine(fleet.stop()))
        self.assertEqual([c for c in self.reactor.getDelayedCalls() if c.active()], [])
