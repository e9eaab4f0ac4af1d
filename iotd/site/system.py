"""Health, figures, the API's description, and the home page."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from twisted.internet.defer import Deferred, TimeoutError, gatherResults
from twisted.logger import Logger

from iotd.errors import IotdError
from iotd.site.routes import Answer, Call, Page, route
from iotd.store.errors import StoreError

Check = Callable[[], Awaitable[None]]

CHECK_SECONDS = 2.0
FRESH_SECONDS = 1.0  # strangers may ask as often as they like


class SystemApi:
    """Routes about the daemon itself."""

    _log = Logger()

    def __init__(
        self,
        clock: Any,
        registry: CollectorRegistry,
        checks: Iterable[tuple[str, Check]] = (),
        warnings: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self.openapi: dict[str, Any] = {}
        self._clock = clock
        self._registry = registry
        self._checks = list(checks)
        self._warnings = warnings
        self._known: tuple[float, dict[str, str]] | None = None

    @route("GET", "/healthz", name="site.healthz", kind="plain")
    async def healthz(self, call: Call) -> dict[str, str]:
        """Whether the daemon is alive."""
        return {"status": "ok"}

    @route("GET", "/readyz", name="site.readyz", kind="plain")
    async def readyz(self, call: Call) -> Answer:
        """Whether store, broker and listeners are up; 503 with those that are not."""
        failing = await self._failing()
        warnings = list(self._warnings())
        said = {"warnings": warnings} if warnings else {}
        if failing:
            return Answer({"status": "failing", "failing": failing, **said}, 503)
        return Answer({"status": "ok", **said})

    async def _failing(self) -> dict[str, str]:
        now = self._clock.seconds()
        if self._known is None or now - self._known[0] >= FRESH_SECONDS:
            said = await gatherResults([self._ask(name, check) for name, check in self._checks])
            told = {name: why for name, why in said if why}
            self._tell(told)
            self._known = (now, told)
        return self._known[1]

    def _ask(self, name: str, check: Check) -> Deferred[tuple[str, str]]:
        async def run() -> None:
            await check()

        asked: Deferred[None] = Deferred.fromCoroutine(run())
        asked.addTimeout(CHECK_SECONDS, self._clock)
        return asked.addCallbacks(lambda _: (name, ""), lambda failure: (name, _why(failure)))

    def _tell(self, failing: dict[str, str]) -> None:
        before = self._known[1] if self._known else {}
        for name in failing.keys() - before.keys():
            self._log.warn("{name} is not ready: {why}", name=name, why=failing[name])
        for name in before.keys() - failing.keys():
            self._log.info("{name} is ready again", name=name)

    @route("GET", "/metrics", name="site.metrics", kind="plain")
    async def metrics(self, call: Call) -> Any:
        """Figures for Prometheus."""
        # it takes the global reactor at import
        from prometheus_client.twisted import MetricsResource

        return MetricsResource(_held(self._registry))

    @route("GET", "/api/openapi.json", name="site.openapi")
    async def describe(self, call: Call) -> dict[str, Any]:
        """This description of the API."""
        return self.openapi

    @route("GET", "/", name="site.home", kind="page")
    async def home(self, call: Call) -> Page:
        """The overview."""
        return Page("home.html", {}, "Overview")


class _Held:
    """Figures of one moment."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._families = list(registry.collect())

    def collect(self) -> list[Metric]:
        """For the registry."""
        return self._families


def _held(registry: CollectorRegistry) -> CollectorRegistry:
    # MetricsResource writes its text on a thread; what it writes is read here,
    # where nothing changes meanwhile.
    held = CollectorRegistry(auto_describe=True)
    held.register(_Held(registry))
    return held


def _why(failure: Any) -> str:
    if failure.check(TimeoutError):
        return f"no answer within {CHECK_SECONDS:g} s"
    own_words = failure.check(IotdError) and not failure.check(StoreError)
    return str(failure.value) if own_words else "not working; the log says why"
