"""The gate: sees phones and badges, whether or not anybody is there to hear of it.

Every message gets the next number of this boot and goes into the ring; from there it
is told in order, and told again when the daemon asks.
"""

import json

import records
from common.lines import plain
from common.part import FAULTS
from common.reporting import NoReporter

#: What goes out in one message: a backlog of 12 times five phones.
LIST_MESSAGES, LIST_BYTES = 12, 4096
IDLE_MS = 200
#: Nobody near is told once a minute only, as a sign of life.
EMPTY_MS = 60000
#: What waits in memory is written after so long: while nobody hears it, and while all is told.
SAVE_MS, SAVE_TOLD_MS = 10000, 60000
#: Of one wish of the daemon; it asks for 500 at most.
MOST_REPLAYED = 1000
#: How long the light is off when a badge was read.
WINK_MS = 300


class Replay:
    """What the daemon asked for: numbers ``low`` to ``high`` of one boot."""

    def __init__(self, boot: str, low: int, high: int):
        self.boot = boot
        self.low = low
        self.high = high


def wish(payload: bytes):
    """The Replay that a message asks for, or None when it is no such message."""
    try:
        asked = json.loads(payload)
        boot, low, high = asked["boot"], asked["from"], asked["to"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(boot, str) or type(low) is not int or type(high) is not int:
        return None
    if not 0 <= low <= high:
        return None
    return Replay(boot, low, min(high, low + MOST_REPLAYED - 1))


class Told:
    """How a gate tells of itself: each line under a topic of its first word."""

    def __init__(self, session, topic: str):
        self._session = session
        self._topic = topic
        self.nudge = session.nudge

    @property
    def heard(self) -> int:
        """Changes whenever something came."""
        return self._session.heard

    def tell(self, text: str) -> None:
        """Return once the broker has it."""
        self._session.publish(self._topic + text.partition(" ")[0], text.encode())


class GateApp:
    """work() goes on always; serve() one connection at a time.

    ``scanner`` has poll(), ``reader`` is a Part with one, either may be None; ``clock`` is a
    WallClock, ``wifi`` says whether it is connected, ``ticks`` is the module time.
    """

    def __init__(self, settings: dict, boot: str, ring, scanner, reader, clock, led, ticks,
                 say=print):
        self._settings = settings
        self._boot = boot
        self._ring = ring
        self._scanner = scanner
        self._reader = reader
        self._clock = clock
        self._led = led
        self._ticks = ticks
        self._say = say
        self._key = settings["key"]
        self._exit = records.EXIT if settings["direction"] == "exit" else 0
        self._topic = "iotd/gate/{}/".format(settings["id"])
        self._seq = 0
        self._replays = []
        self._linked = False
        self._saved = self._told = ticks.ticks_ms()
        self._empty_told = False
        self._winked = None
        self.wifi = None
        self.reporter = NoReporter()
        led.show("red")

    def work(self) -> None:
        """What never waits: phones, badges, the clock, the ring."""
        if self._scanner is not None:
            found = self._scanner.poll()
            if found is not None:
                self._saw(found)
        self._look_for_badges()
        self._clock.poll(self.wifi is not None and self.wifi.connected())
        self._save()
        if self._winked is not None and self._since(self._winked) > WINK_MS:
            self._winked = None
            self._show()

    def serve(self, session) -> None:
        """Tell and listen until the link is lost, which is how this ends."""
        try:
            session.subscribe(self._topic + "replay")
            session.publish(self._topic + "status", b"online", retain=True)
            # A broker that never heard of updates is good enough to be told what is seen
            session.may_hear(self._topic + "update")
            self._linked = True
            self._show()
            self.reporter.started()
            told = Told(session, self._topic)
            while True:
                self.reporter.poll(told)
                self._step(session)
        finally:
            self.reporter.lost()
            self._linked = False
            self._replays = []  # asked again if it is still wanted
            self._show()

    def _step(self, session) -> None:
        busy = self._tell(session)
        busy = self._replay(session) or busy
        heard = session.message(0 if busy else IDLE_MS)
        if heard is not None:
            self._asked(heard)

    # ---- what is seen

    def _saw(self, found: list) -> None:
        if not found and self._empty_told and self._since(self._told) < EMPTY_MS:
            return
        self._empty_told = not found
        self._told = self._ticks.ticks_ms()
        self._add(records.SEEN, records.sights(found))

    def _look_for_badges(self) -> None:
        reader = None if self._reader is None else self._reader.get()
        if reader is None:
            return
        try:
            uid = reader.poll()
        except FAULTS as problem:
            self._reader.failed(problem)
            return
        if uid is not None:
            self._add(records.BADGE, uid)
            self._led.show("off")
            self._winked = self._ticks.ticks_ms()

    def _add(self, kind: int, data: bytes) -> None:
        self._seq += 1
        flags, ms = kind | self._exit, self._clock.ms()
        if ms is None:
            flags, ms = flags | records.NO_CLOCK, self._clock.uptime_ms()
        self._ring.append(records.pack(self._key, self._boot, self._seq, flags, ms, data))

    def _save(self) -> None:
        """Onto flash: seldom, for each time wears it; sooner while nobody hears us."""
        ring = self._ring
        if ring.busy:
            return
        since = self._since(self._saved)
        every = SAVE_TOLD_MS if self._linked else SAVE_MS
        if since >= every or ring.tail_bytes >= ring.full_bytes and since >= SAVE_MS:
            self._saved = self._ticks.ticks_ms()
            ring.flush()

    # ---- what is told

    def _tell(self, session) -> bool:
        """The oldest that was not told yet; whether there was any."""
        taken = self._ring.take(LIST_MESSAGES)
        well = False
        try:
            well = self._publish(session, taken)
        finally:
            self._ring.done(well)
        return bool(taken)

    def _replay(self, session) -> bool:
        """The next piece of what was asked for; whether there was any."""
        if not self._replays:
            return False
        asked = self._replays[0]
        found = self._ring.find(asked.boot, asked.low, asked.high, LIST_MESSAGES)
        self._publish(session, [(asked.boot, message) for message in found])
        if len(found) < LIST_MESSAGES:
            self._replays.pop(0)
        else:
            asked.low = records.seq_of(found[-1]) + 1
        return True

    def _publish(self, session, messages: list) -> bool:
        """One topic after the other, in lists; True when the broker has them all."""
        at = 0
        while at < len(messages):
            badge = records.is_badge(messages[at][1])
            texts, size = [], 0
            while at < len(messages) and records.is_badge(messages[at][1]) == badge:
                boot, message = messages[at]
                text = records.to_json(self._key, boot, message, self._unix_of(boot))
                if texts and size + len(text) > LIST_BYTES:
                    break
                texts.append(text)
                size += len(text) + 1
                at += 1
            payload = texts[0] if len(texts) == 1 else "[" + ",".join(texts) + "]"
            session.publish(self._topic + ("badge" if badge else "seen"), payload.encode())
        return True

    def _unix_of(self, boot: str):
        """What time it was then: known of this boot as soon as the clock is set."""
        return self._clock.unix_of if boot == self._boot else (lambda uptime_ms: None)

    def _asked(self, heard: tuple) -> None:
        topic, payload = heard
        if topic == (self._topic + "update").encode():
            self.reporter.hear(plain(payload))
            return
        asked = wish(payload) if topic == (self._topic + "replay").encode() else None
        if asked is None:
            self._say("gate: a message that is no wish: ignored")
        elif len(self._replays) < 4:
            self._replays.append(asked)

    def _show(self) -> None:
        self._led.show("green" if self._linked else "red")

    def _since(self, ticks: int) -> int:
        return self._ticks.ticks_diff(self._ticks.ticks_ms(), ticks)
