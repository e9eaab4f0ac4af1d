"""The daemon's side of making reports: a process for each, few at once, all bounded."""

from __future__ import annotations

from collections import deque
from typing import Any, Callable

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.child import command, how_it_ended, spawn
from iotd.errors import Unavailable

COMMAND = command("iotd.health.report.worker")
AT_ONCE = 2
WAITING = 8  # behind those; another is refused
SECONDS = 60.0  # for one report, from the start of its process
MOST_BYTES = 64 * 2**20  # of a PDF

BUSY = "Many reports are being made at this moment. Try again in a minute."
FAILED = "The report could not be made. Try fewer days, or fewer sections."
LATE = "The report took too long. Try fewer days, or fewer sections."
STOPPING = "The daemon is about to stop. Try again in a minute."


class Press:
    """Makes PDFs, at most two at once, in the order in which they are asked for."""

    _log = Logger()

    def __init__(
        self, reactor: Any, line: tuple[str, ...] = COMMAND, seconds: float = SECONDS
    ) -> None:
        self._reactor, self._line, self._seconds = reactor, line, seconds
        self._running: set[Job] = set()
        self._waiting: deque[Job] = deque()
        self._stopped: Deferred[None] | None = None

    def make(self, data: bytes) -> Deferred[bytes]:
        """The PDF of a report's data; Unavailable says why there is none.

        Who cancels ends the process.
        """
        job = Job(data, self._reactor, self._ended)
        if self._stopped is not None:
            job.fail(STOPPING)
        elif len(self._running) < AT_ONCE:
            self._start(job)
        elif len(self._waiting) >= WAITING:
            job.fail(BUSY)
        else:
            self._waiting.append(job)
        return job.made

    @property
    def pids(self) -> list[int]:
        """The processes that run."""
        return [job.pid for job in self._running if job.pid is not None]

    def stop_service(self) -> Deferred[None]:
        """Refuse what waits, end what runs; fires when no process is left."""
        if self._stopped is None:
            self._stopped = Deferred()
            for job in self._waiting:
                job.fail(STOPPING)
            self._waiting.clear()
            for job in self._running:
                job.kill(STOPPING)
            self._rest()
        return self._stopped

    def _start(self, job: Job) -> None:
        self._running.add(job)
        job.begin(self._seconds)
        try:
            spawn(self._reactor, job, self._line)
        except OSError as error:  # no processes or memory left
            self._log.error("no process for a report: {error}", error=str(error))
            job.over(str(error))

    def _ended(self, job: Job, how: str) -> None:
        self._running.discard(job)
        if how:
            self._log.error("a report was not made: {how}", how=how)
        while self._waiting and len(self._running) < AT_ONCE:
            waiting = self._waiting.popleft()
            if not waiting.made.called:
                self._start(waiting)
        self._rest()

    def _rest(self) -> None:
        if self._stopped is not None and not self._running and not self._stopped.called:
            self._stopped.callback(None)


class Job(ProcessProtocol):
    """One report on its way: the data, then its process; ``ended(self, how)`` once it is over,
    with the reason for the log where nobody was told a better one."""

    transport: Any = None

    def __init__(self, data: bytes, clock: Any, ended: Callable[[Job, str], None]) -> None:
        self._data, self._clock, self._ended = data, clock, ended
        self._pdf, self._size, self._said = list[bytes](), 0, b""
        self._late: Any = None
        # who waits may go away: then it is made for nobody
        self.made: Deferred[bytes] = Deferred(lambda _: self._end())

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return getattr(self.transport, "pid", None)

    def begin(self, seconds: float) -> None:
        """It is to be over in so many seconds."""
        self._late = self._clock.callLater(seconds, self.kill, LATE)

    def fail(self, why: str) -> None:
        """Tell who waits that there will be none."""
        if not self.made.called:
            self.made.errback(Failure(Unavailable(why)))

    def kill(self, why: str) -> None:
        """End its process, whatever it does; who waits is told why."""
        self.fail(why)
        self._end()

    def _end(self) -> None:
        try:
            if self.transport is not None:
                self.transport.signalProcess("KILL")
        except ProcessExitedAlready:
            pass

    def over(self, how: str) -> None:
        """There is no process any more, or there never was one."""
        if self._late is not None and self._late.active():
            self._late.cancel()
        unforeseen = not self.made.called
        self.fail(FAILED)
        self._ended(self, how if unforeseen else "")

    def connectionMade(self) -> None:
        """It runs: give it its data, and no more."""
        self.transport.write(self._data)
        self.transport.closeStdin()
        self._data = b""

    def outReceived(self, data: bytes) -> None:
        """Bytes of the PDF."""
        self._size += len(data)
        if self._size > MOST_BYTES:
            self.kill(FAILED)
        else:
            self._pdf.append(data)

    def errReceived(self, data: bytes) -> None:
        """Where it failed; never words of the report."""
        self._said = (self._said + data)[-500:]

    def processEnded(self, reason: Any) -> None:
        """It is gone, and its pipes are closed."""
        pdf, how = b"".join(self._pdf), how_it_ended(reason.value)
        self._pdf = []
        if not getattr(reason.value, "exitCode", 1) and pdf.startswith(b"%PDF"):
            if not self.made.called:
                self.made.callback(pdf)
        said = self._said.decode(errors="replace").strip()
        self.over(f"{how}: {said}" if said else how)
