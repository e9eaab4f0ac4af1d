"""Health, figures and the home page."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.web.resource import IResource

from iotd import errors
from iotd.site.figures import LAG_EVERY
from iotd.site.system import SystemApi
from tests.site.house import House, HouseTestCase, request_bytes


class HealthTests(HouseTestCase):
    """/healthz and /readyz."""

    def ready(self, **checks: object) -> House:
        return self.build(checks=list(checks.items()))

    def test_alive(self) -> None:
        """Who asks is told that the daemon lives."""
        self.assertEqual(self.house.ask("GET", "/healthz").json, {"status": "ok"})

    def test_ready(self) -> None:
        """When all parts say so it is ready."""
        async def fine() -> None:
            """All is well."""

        reply = self.ready(store=fine, broker=fine).ask("GET", "/readyz")
        self.assertEqual((reply.status, reply.json), (200, {"status": "ok"}))

    def test_failing(self) -> None:
        """What is not up is named, in our words or in none."""
        async def away() -> None:
            raise errors.Unavailable("The broker is away.")

        async def broken() -> None:
            raise OSError("/var/lib/iotd/iotd.sqlite3")

        reply = self.ready(broker=away, store=broken).ask("GET", "/readyz")
        self.assertEqual(reply.status, 503)
        self.assertEqual(reply.json["failing"], {
            "broker": "The broker is away.", "store": "not working; the log says why"})

    def test_hanging(self) -> None:
        """A part that does not answer within 2 s is not up, and the others are told."""
        async def fine() -> None:
            """All is well."""

        house = self.ready(store=Deferred, broker=fine)
        line = house.connect()
        line.send(request_bytes("GET", "/readyz"))
        house.clock.advance(1.9)
        self.assertEqual(line.transport.value(), b"")
        house.clock.advance(0.1)
        self.assertEqual(line.reply().json["failing"], {"store": "no answer within 2 s"})

    def test_not_for_each_who_asks(self) -> None:
        """However many ask, the parts are asked once a second."""
        asked = []

        async def count() -> None:
            asked.append(1)

        house = self.ready(store=count)
        for _ in range(10):
            house.ask("GET", "/readyz")
        house.clock.advance(1)
        house.ask("GET", "/readyz")
        self.assertEqual(len(asked), 2)


class FigureTests(HouseTestCase):
    """What Prometheus is told."""

    def figure(self, name: str, **labels: str) -> float | None:
        return self.house.metrics.get_sample_value(name, labels)

    def test_requests(self) -> None:
        """Requests count by route and class of status, what is no route as none."""
        self.house.ask("GET", "/hello")
        self.house.ask("GET", "/kettle")
        self.house.ask("GET", "/nothing/else")
        self.house.connect().send(b"rubbish\r\n\r\n")
        for route, status, times in (("room.hello", "2xx", 1), ("room.page", "3xx", 1),
                                     ("none", "4xx", 2)):
            counted = self.figure("iotd_http_requests_total", route=route, status=status)
            self.assertEqual(counted, times, route)

    def test_connections(self) -> None:
        """Open connections are told."""
        self.house.connect()
        self.assertEqual(self.figure("iotd_http_connections"), 1)

    def test_lag(self) -> None:
        """The largest lateness of the last half minute is told, and then forgotten."""
        self.house.site.startFactory()
        self.addCleanup(self.house.site.stopFactory)
        self.house.clock.advance(LAG_EVERY + 0.7)
        self.assertAlmostEqual(self.figure("iotd_reactor_lag_seconds") or 0, 0.7)
        self.house.clock.pump([LAG_EVERY] * 60)
        self.assertLess(self.figure("iotd_reactor_lag_seconds") or 0, 0.5)

    def test_stopping(self) -> None:
        """When the last listener is gone no clock is left."""
        self.house.site.startFactory()
        self.house.site.stopFactory()
        self.assertEqual(self.house.clock.getDelayedCalls(), [])

    def test_metrics(self) -> None:
        """The figures are a resource of prometheus_client, behind the guard."""
        system = SystemApi(self.house.clock, self.house.metrics)
        resource = self.successResultOf(_deferred(system.metrics(None)))
        self.assertTrue(IResource.providedBy(resource))
        self.assertEqual(self.house.ask("GET", "/metrics", who=None).status, 401)


def _deferred(coroutine: object) -> Deferred[object]:
    return Deferred.fromCoroutine(coroutine)
