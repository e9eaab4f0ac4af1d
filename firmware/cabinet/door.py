"""The door's lock: a servo that moves slowly, and a handle that feels a hand."""

STEP_MS = 20
#: After it has arrived it is held for so long, then let go: a servo that pushes hums and warms.
HOLD_MS = 500
#: Pulse of a servo at 0 and at 180 degrees; 50 a second.
AT_0_US, AT_180_US = 500, 2500


class Servo:
    """turn() tells where to; poll() moves it there, ``degrees_a_second`` at most."""

    def __init__(self, pwm, degrees: int, degrees_a_second: int, clock):
        self._pwm = pwm
        self._clock = clock
        self._step = degrees_a_second * STEP_MS / 1000
        self._at = float(degrees)
        self._goal = degrees
        self._moved = clock.ticks_ms()
        self._pushing = True
        self._push()

    def turn(self, degrees: int) -> None:
        """Go there, from now on."""
        if degrees != self._goal:
            self._goal = degrees
            self._moved = self._clock.ticks_ms()
            self._pushing = True

    @property
    def arrived(self) -> bool:
        """Whether it stands where it was told to."""
        return self._at == self._goal

    def poll(self) -> None:
        """One small step, when it is time for it."""
        if not self._pushing:
            return
        passed = self._clock.ticks_diff(self._clock.ticks_ms(), self._moved)
        if self.arrived:
            if passed >= HOLD_MS:
                self._pushing = False
                self._pwm.duty_ns(0)
        elif passed >= STEP_MS:
            way = max(-self._step, min(self._step, self._goal - self._at))
            self._at += way
            self._moved = self._clock.ticks_ms()
            self._push()

    def _push(self) -> None:
        micros = AT_0_US + (AT_180_US - AT_0_US) * self._at / 180
        self._pwm.duty_ns(int(micros * 1000))


class Handle:
    """A touch pad: what it reads without a hand drifts, so it is compared with its own past."""

    STEADY_MS = 60
    #: A hand changes the value by half; weather by less, and slowly.
    SHARE = 0.2
    #: Nobody holds it for so long: something leans there, and is the new normal.
    STUCK_MS = 30000

    def __init__(self, pad, clock):
        self._pad = pad
        self._clock = clock
        self._normal = float(pad.read())
        self._since = None
        self._told = False

    def poll(self) -> bool:
        """Whether a hand has just touched it; once a touch."""
        value = self._pad.read()
        now = self._clock.ticks_ms()
        if abs(value - self._normal) <= self.SHARE * self._normal:
            self._normal += (value - self._normal) / 64
            self._since = None
            self._told = False
            return False
        if self._since is None:
            self._since = now
        held = self._clock.ticks_diff(now, self._since)
        if held > self.STUCK_MS:
            self._normal = float(value)
        if self._told or held < self.STEADY_MS:
            return False
        self._told = True
        return True


class Door:
    """Unlocks at a touch; locks when it was closed, or when nobody opened it in time."""

    #: The leaf must be home before the bolt is.
    CLOSED_MS = 1000

    def __init__(self, servo, handle, open_angle: int, closed_angle: int, timeout_ms: int, clock):
        self._servo = servo
        self._handle = handle
        self._open_angle = open_angle
        self._closed_angle = closed_angle
        self._timeout = timeout_ms
        self._clock = clock
        self._since = clock.ticks_ms()
        self._wait = 0
        self.locked = True

    def poll(self, closed: bool) -> None:
        """``closed`` is what the door's button says."""
        if self._handle.poll():
            self._unlock()
        passed = self._clock.ticks_diff(self._clock.ticks_ms(), self._since)
        if not closed:
            # Never a bolt against an open leaf
            self._unlock()
            self._wait = self.CLOSED_MS
        elif not self.locked and passed >= self._wait:
            self.locked = True
            self._servo.turn(self._closed_angle)
        self._servo.poll()

    def _unlock(self) -> None:
        self.locked = False
        self._since = self._clock.ticks_ms()
        self._wait = self._timeout
        self._servo.turn(self._open_angle)


class NoDoor:
    """A cabinet without a lock."""

    def poll(self, closed: bool) -> None:
        """Nothing to move."""


class NoHandle:
    """A lock without a handle stays unlocked only while the door is open."""

    def poll(self) -> bool:
        """Never."""
        return False


def open_door(door: dict, handle: dict, clock):
    """The lock that settings.json names, or none."""
    if "pin" not in door:
        return NoDoor()
    from machine import PWM, Pin, TouchPad

    # Without a width of its own it would begin at half of the time on: no angle at all
    servo = Servo(PWM(Pin(door["pin"]), freq=50, duty_ns=0), door["closed_angle"],
                  door["degrees_a_second"], clock)
    pad = Handle(TouchPad(Pin(handle["pin"])), clock) if "pin" in handle else NoHandle()
    return Door(servo, pad, door["open_angle"], door["closed_angle"],
                door["timeout_seconds"] * 1000, clock)
