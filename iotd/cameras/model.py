"""When a camera is told what: the rules of spacing and repeating commands.

A field camera compares what it reads for equality, so two commands that arrive
together are lost; and while it streams it hears a word only between frames.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from iotd.wire.commands import START, STOP

SPACING = 0.25  # seconds between two commands to one camera
START_REPEAT = 5.0  # no frame so long after START: say it again
MAX_WAITING = 32  # commands beside START and STOP
STOP_REPEAT = 2.0  # frames still coming so long after STOP: say it again


@dataclass
class Drive:
    """What one connected camera is told; all times are monotonic seconds.

    ``wanted``: whether it should stream. ``next_command`` says what is due.
    """

    wanted: bool = False
    last_frame: float | None = None
    _last_sent: float | None = None
    _told: str | None = None
    _told_at: float = 0.0
    _pressed: bool = False
    _extra: deque[str] = field(default_factory=deque)

    def want(self, streaming: bool) -> None:
        """A person, or somebody watching, wants it to stream or not."""
        if streaming != self.wanted or self._told != (START if streaming else STOP):
            self.wanted, self._told, self._pressed = streaming, None, True

    def add(self, command: str) -> bool:
        """Another command, not START or STOP, sent in its turn; False when 32 wait already."""
        assert command not in (START, STOP), "START and STOP go by want()"
        room = len(self._extra) < MAX_WAITING
        if room:
            self._extra.append(command)
        return room

    def frame(self, now: float) -> bool:
        """A frame came; whether a command may be due because of it."""
        self.last_frame = now
        return not self.wanted

    def next_command(self, now: float) -> tuple[str | None, float | None]:
        """The command to send now, and when to ask again where that is known."""
        command = self._due(now)
        if command is not None and self._last_sent is not None:
            if now < self._last_sent + SPACING:
                return None, self._last_sent + SPACING
        if command is not None:
            self._sent(command, now)
        if self._due(now) is not None:
            return command, now + SPACING
        return command, self._start_again() if self.wanted else None

    def _due(self, now: float) -> str | None:
        if self.wanted and (self._told != START or now >= self._start_again()):
            return START
        if not self.wanted and self._must_stop():
            return STOP
        return self._extra[0] if self._extra else None

    def _sent(self, command: str, now: float) -> None:
        self._last_sent = now
        if command in (START, STOP):
            self._told, self._told_at, self._pressed = command, now, False
        else:
            self._extra.popleft()

    def _start_again(self) -> float:
        return max(self._told_at, self.last_frame or 0.0) + START_REPEAT

    def _must_stop(self) -> bool:
        if self._told == STOP:
            return self.last_frame is not None and self.last_frame >= self._told_at + STOP_REPEAT
        return self._told == START or self._pressed or self.last_frame is not None


def camera_state(connected: bool, wanted: bool, since_frame: float | None) -> str:
    """idle, streaming or offline; ``since_frame``: seconds since the last frame.

    A started camera may pause for 3 s, a stopped one is idle after 1 s of silence.
    """
    if not connected:
        return "offline"
    recent = since_frame is not None and since_frame < (3.0 if wanted else 1.0)
    return "streaming" if recent else "idle"
