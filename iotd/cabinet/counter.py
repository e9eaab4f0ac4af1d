"""Counts what is on a picture, in a process of its own, one picture at a time.

The worker is started when it is first needed and ended when nothing was asked
for some minutes. A picture that takes too long, or kills the worker twice,
fails; those that wait behind it go on with a new worker.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any, Callable, Iterable, Sequence

from twisted.internet.defer import Deferred, DeferredList, fail
from twisted.logger import Logger

from iotd.cabinet.count_jobs import (
    CountFailed, Job, counting, detecting, missing, reading_barcodes,
)
from iotd.cabinet.seen import Box, Photo, Reference, Seen
from iotd.cabinet.vision_messages import MAX_PICTURE, BadMessage
from iotd.cabinet.vision_process import VisionProcess, spawn
from iotd.errors import IotdError, Unavailable

__all__ = ["Box", "CountFailed", "Counter", "Photo", "Reference", "Seen"]

MAX_QUEUE = 16
MAX_SECONDS = 20.0  # for one picture, and for each photo that is learned for it
START_SECONDS = 30.0  # to import OpenCV; a slow board takes some
IDLE_SECONDS = 300.0  # then the worker's memory is given back
MOST_TRIES = 2  # a picture that kills the worker so often is not tried again
MOST_STARTS = 3  # failed starts in a row after which nobody is kept waiting
BACK_OFF = (0.5, 60.0)  # seconds before a new worker after the first crash, and at most
MOST_PHOTOS = 400  # kept learned; each takes about 0.3 MB in the worker


class Counter:
    """The queue of pictures, and the worker that counts them.

    ``available`` is False where counting can never work, ``why`` says what to do.
    """

    _log = Logger()

    def __init__(
        self, reactor: Any, detector: str = "", detector_items: Sequence[str] = (), *,
        max_seconds: float = MAX_SECONDS, start_seconds: float = START_SECONDS,
        idle_seconds: float = IDLE_SECONDS, back_off: tuple[float, float] = BACK_OFF,
        start: Callable[[Any, VisionProcess], None] = spawn,
    ) -> None:
        self._reactor, self._start = reactor, start
        self._detector, self._items = detector, list(detector_items)
        self._max_seconds, self._start_seconds = max_seconds, start_seconds
        self._idle_seconds, self._back_off = idle_seconds, back_off
        self.why = missing(detector)
        self._queue: deque[Job] = deque()
        self._job: Job | None = None
        self._number = self._crashes = 0
        self._worker: VisionProcess | None = None
        self._closing: set[VisionProcess] = set()
        self._ready = self._slow = self._stopped = False
        self._learned: OrderedDict[str, None] = OrderedDict()
        self._timer: Any = None  # of start, picture, rest or back-off: never two of them at once

    @property
    def available(self) -> bool:
        """Whether counting can work here."""
        return not self.why

    @property
    def pid(self) -> int | None:
        """The worker's process id while it runs."""
        return self._worker.pid if self._worker else None

    @property
    def waiting(self) -> int:
        """Pictures that wait or are in work."""
        return len(self._queue) + (self._job is not None)

    def start_service(self) -> None:
        """Pictures are taken; the worker starts with the first one."""
        self._stopped = False

    def stop_service(self) -> Deferred[Any]:
        """Fail what waits, end the worker; fires when it is gone."""
        self._stopped = True
        self._fail_all(Unavailable("The daemon is stopping."))
        self._close_worker()
        return DeferredList([process.ended() for process in self._closing])

    def count(self, jpeg: bytes, references: Iterable[Reference]) -> Deferred[Seen]:
        """What is on a picture; Unavailable (not installed, queue full) or CountFailed.

        With a detector of one's own the references are not used.
        """
        return self._ask(detecting(jpeg) if self._detector else counting(jpeg, references))

    def barcodes(self, jpeg: bytes) -> Deferred[list[str]]:
        """The texts of the barcodes on a picture; fails as ``count`` does."""
        return self._ask(reading_barcodes(jpeg))

    def _ask(self, job: Job) -> Deferred[Any]:
        refused = self._refused(job)
        if refused is not None:
            return fail(refused)
        self._queue.append(job)
        self._next()
        return job.done

    def _refused(self, job: Job) -> IotdError | None:
        if self._stopped:
            return Unavailable("The daemon is stopping.")
        if self.why:
            return Unavailable(self.why)
        if self.waiting >= MAX_QUEUE:
            return Unavailable(f"{MAX_QUEUE} pictures wait to be counted already.")
        size = max(len(job.jpeg), *(len(photo.jpeg) for _, photo in job.photos), 0)
        if size > MAX_PICTURE:
            return CountFailed(f"The picture has {size} bytes; at most {MAX_PICTURE} are taken.")
        return None

    def _next(self) -> None:
        """Go on with the queue as far as that is possible now."""
        while self._queue and self._queue[0].cancelled:
            self._queue.popleft()
        if self._job is not None or self._stopped or not self._queue:
            return
        if self._worker is None:
            if self._timer is None:  # else a crash is slept over
                self._start_worker()
        elif self._ready:
            self._job = self._queue.popleft()
            self._send(self._worker, self._job)

    def _send(self, worker: VisionProcess, job: Job) -> None:
        self._number += 1
        self._set_timer(self._max_seconds, self._too_slow)
        try:
            self._teach(worker, job)
            worker.send({**job.head, "number": self._number}, job.jpeg)
        except BadMessage as error:
            self._finish({"failed": f"The picture can't be asked about: {error}."})

    def _teach(self, worker: VisionProcess, job: Job) -> None:
        """Send the photos that this worker does not know; let it forget the oldest."""
        for key, photo in job.photos:
            if key not in self._learned:
                worker.send({"do": "learn", "photo": key}, photo.jpeg)
            self._learned[key] = None
            self._learned.move_to_end(key)
        most = max(MOST_PHOTOS, len(job.photos))
        old = [self._learned.popitem(last=False)[0] for _ in range(len(self._learned) - most)]
        if old:
            worker.send({"do": "forget", "photos": old})

    def _heard(self, worker: VisionProcess, head: dict[str, Any]) -> None:
        if worker is not self._worker:
            return
        if "ready" in head:
            self._started(worker, head)
        elif "learned" in head and self._job is not None:
            # a photo is a picture too: a hundred of them take longer than one
            self._set_timer(self._max_seconds, self._too_slow)
        elif self._job is None or head.get("number") != self._number:
            self._log.warn("the vision worker answered what was not asked")
        else:
            self._crashes = 0
            self._finish(head)

    def _started(self, worker: VisionProcess, head: dict[str, Any]) -> None:
        self._set_timer(self._idle_seconds, self._close_worker)
        self._ready = bool(head["ready"])
        if self._ready:
            if self._detector:
                worker.send({"do": "detector", "path": self._detector, "items": self._items})
            self._next()
            return
        self.why = f"Counting does not work on this machine: {head.get('why')}"
        self._log.error("{why}", why=self.why)
        self._fail_all(Unavailable(self.why))

    def _finish(self, answer: dict[str, Any]) -> None:
        """The picture in work is done; the next one, or a rest."""
        job, self._job = self._job, None
        self._set_timer(self._idle_seconds, self._close_worker)
        if job is not None:
            self._guarded(lambda: job.answered(answer))
        self._next()

    def _too_slow(self) -> None:
        self._slow = True
        what = "a picture was not counted in time" if self._job else "it did not start in time"
        self._log.warn("the vision worker is killed: {what}", what=what)
        if self._worker is not None:
            self._worker.kill()

    def _close_worker(self) -> None:
        self._set_timer(None)
        worker, self._worker = self._worker, None
        if worker is not None:
            self._closing.add(worker)
            worker.close(self._reactor)

    def _start_worker(self) -> None:
        self._ready = self._slow = False
        self._learned.clear()
        self._worker = VisionProcess(self._heard, self._gone)
        self._set_timer(self._start_seconds, self._too_slow)
        try:
            self._start(self._reactor, self._worker)
        except OSError as error:
            self._gone(self._worker, f"can't be started: {error}")

    def _gone(self, worker: VisionProcess, how: str) -> None:
        self._closing.discard(worker)
        if worker is not self._worker:
            return
        started, self._ready, self._worker = self._ready, False, None
        self._set_timer(None)
        job, self._job = self._job, None
        if not self.why:
            self._back_off_after(how)
        if job is not None:
            self._try_again(job)
        elif not started and self._crashes >= MOST_STARTS:
            self._fail_all(Unavailable(f"The vision worker does not start: {how}."))
        self._next()

    def _try_again(self, job: Job) -> None:
        job.tries += 1
        if self._slow:
            job.fail(CountFailed(f"The picture was not counted within {self._max_seconds:g} s."))
        elif job.tries >= MOST_TRIES:
            job.fail(CountFailed("Counting this picture crashed more than once."))
        else:
            self._queue.appendleft(job)

    def _back_off_after(self, how: str) -> None:
        least, most = self._back_off
        wait = min(least * 2 ** min(self._crashes, 16), most)
        self._crashes += 1
        self._log.warn("the vision worker {how}; a new one in {wait} s", how=how, wait=wait)
        self._set_timer(wait, self._next)

    def _fail_all(self, why: IotdError) -> None:
        jobs = [*([self._job] if self._job else []), *self._queue]
        self._job = None
        self._queue.clear()
        for job in jobs:
            self._guarded(lambda: job.fail(why))

    def _set_timer(self, seconds: float | None, then: Callable[[], None] | None = None) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        if seconds is not None:
            self._timer = self._reactor.callLater(seconds, self._rung, then)

    def _rung(self, then: Callable[[], None]) -> None:
        self._timer = None
        self._guarded(then)

    def _guarded(self, work: Callable[[], Any]) -> None:
        try:
            work()
        except Exception:
            self._log.failure("the counter's work failed")
