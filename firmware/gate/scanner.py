"""Looks for phones: access points that are near, strongest first.

A scan of all channels stands still for 2 s. Where the board has threads it runs in
one of its own, so that a badge that is held up meanwhile is read.
"""

#: What scan() gives of each access point.
SSID, BSSID, RSSI = 0, 1, 3


class NoThread:
    """Works at once, in the thread of who asks."""

    def __init__(self, work):
        self._work = work

    def start(self) -> None:
        """Work."""
        self._work()


class Helper:
    """A thread that works once at each start(); ``thread`` is the module _thread."""

    def __init__(self, work, thread):
        self._work = work
        self._go = thread.allocate_lock()
        self._go.acquire()
        thread.start_new_thread(self._run, ())

    def start(self) -> None:
        """Let it work once; not before the last time has ended."""
        self._go.release()

    def _run(self) -> None:
        while True:
            self._go.acquire()
            self._work()


class Scanner:
    """poll() gives what a scan found, or None; a scan begins every ``every_ms``.

    ``count`` is how many are told of, at least ``min_rssi`` strong; networks named in
    ``ignored`` are the campus's own.
    """

    def __init__(self, wlan, every_ms: int, count: int, min_rssi: int, ignored, clock,
                 helper=NoThread, say=print):
        self._wlan = wlan
        self._every = every_ms
        self._count = count
        self._min_rssi = min_rssi
        self._ignored = [name.encode() for name in ignored]
        self._clock = clock
        self._say = say
        self._began = clock.ticks_ms() - every_ms
        self._running = False
        self._found = None
        self._error = None
        self._fault = ""
        self._helper = helper(self._work)

    def poll(self):
        """(address of 6 bytes, rssi) of the strongest, once for each scan; else None."""
        if self._running:
            return self._result()
        now = self._clock.ticks_ms()
        if self._clock.ticks_diff(now, self._began) >= self._every:
            self._began = now
            self._running = True
            self._helper.start()
        return None

    def _result(self):
        if self._found is None and self._error is None:
            return None
        found, error = self._found, self._error
        self._found = self._error = None
        self._running = False
        if error is not None:
            self._tell(error)
            return None
        self._fault = ""
        return self._chosen(found)

    def _chosen(self, found: list) -> list:
        strongest = {}
        for point in found:
            mac, rssi = bytes(point[BSSID]), point[RSSI]
            if rssi >= self._min_rssi and point[SSID] not in self._ignored:
                strongest[mac] = max(rssi, strongest.get(mac, rssi))
        order = sorted((-strongest[mac], mac) for mac in strongest)
        return [(mac, -rssi) for rssi, mac in order[:self._count]]

    def _work(self) -> None:
        """In the helper's thread: only these two fields are set here, each in one step."""
        try:
            if not self._wlan.active():
                self._wlan.active(True)  # the link switches it off between two tries
            self._found = self._wlan.scan()
        except Exception as problem:
            self._error = problem

    def _tell(self, problem) -> None:
        # While the board joins its network the radio scans for nobody: usual, and soon over
        if repr(problem) != self._fault:
            self._fault = repr(problem)
            self._say("scan: {}".format(self._fault))


def open_helper(work):
    """A thread where the board has any."""
    try:
        import _thread
    except ImportError:
        return NoThread(work)
    return Helper(work, _thread)
