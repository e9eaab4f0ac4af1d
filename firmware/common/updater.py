"""Drives an update over whatever link there is, a question and an answer at a time.

The serve loops go on between: a camera streams, a watch answers, a gate sees phones.
"""

from common.manifest import Refused

#: An answer is due within this; then it is asked for again, three times in all.
ANSWER_MS = 10000
ASKED = 3
#: The same build is not tried again so soon after it was refused.
AGAIN_S = 3600
#: Fetches that were begun and cut off by a lost link before the build counts as refused.
CUTS = 5
#: A board in the middle of something gets so long to end it before it starts anew.
BUSY_MS = 300000


class Updater:
    """``restart()`` is called with the new firmware on trial, as soon as ``busy()`` is false."""

    def __init__(self, settings, slots, watchdog, clock, say, busy, restart):
        self._settings = settings
        self._slots = slots
        self._watchdog = watchdog
        self._clock = clock
        self._say = say
        self._busy = busy
        self._restart = restart
        self._steps = None
        self._build = self._cuts = 0
        self._barred = {}
        #: Whether how the last update ended has changed.
        self.news = False

    def hear(self, line: str) -> bool:
        """Whether this line of the daemon's was about updates."""
        word, _, rest = line.partition(" ")
        if word == "update":
            self._offered(int(rest) if rest.isdigit() and len(rest) < 10 else 0)
        elif word in ("part", "gone"):
            if self._steps is not None:
                self._answered(line)
        else:
            return False
        return True

    def poll(self, tell) -> None:
        """Ask, and ask again; ``tell(text)`` sends a line."""
        if self._steps is None:
            return
        if self._question is None:
            self._finish()
        elif self._tries == 0 or self._since(self._asked) > ANSWER_MS:
            self._tries += 1
            self._asked = self._clock.ticks_ms()
            if self._tries > ASKED:
                self._refuse("link", "no answer to {} questions".format(ASKED))
            else:
                tell("fetch {} {}".format(self._question[0], self._question[1]))

    def lost(self) -> None:
        """The link is gone; the daemon offers it again on the next one."""
        if self._steps is None or self._question is None:
            return
        self._end()
        self._cuts += 1
        if self._cuts >= CUTS:
            self._refuse("link", "{} times cut off".format(CUTS))

    def _offered(self, build: int) -> None:
        if self._steps is not None or not build or not self._slots.running:
            return
        until = self._barred.get(build)
        if until is not None and self._watchdog.uptime_s() < until:
            return
        if self._slots.on_trial():
            return  # the other slot is what we come back to
        # Only now: what most starts never need is not in memory
        from common.updating import Update

        if build != self._build:
            self._build, self._cuts = build, 0
        self._say("update: to build {}".format(build))
        update = Update(self._slots, self._settings["id"], self._settings["key"], build,
                        self._watchdog.feed)
        self._steps = update.steps()
        self._next(None)

    def _answered(self, line: str) -> None:
        if self._question is None:
            return
        _, offset, size = self._question
        if line == "gone {}".format(offset):
            self._next(None)
            return
        from common.updating import part_of

        part = part_of(line)
        # What answers an earlier question is not for this one
        if part is None or part[1] != offset or size and part[0] != size or not part[2]:
            return
        if offset + len(part[2]) <= part[0]:
            self._next((part[0], part[2]))

    def _next(self, answer) -> None:
        """Hand an answer over; what is to be asked then."""
        try:
            self._question = self._steps.send(answer)
            self._tries = 0
        except StopIteration:
            self._question = None
            self._ready = self._clock.ticks_ms()
        except Refused as problem:
            self._refuse(problem.word, str(problem))
        except OSError as problem:
            self._refuse("flash", repr(problem))

    def _finish(self) -> None:
        if not self._busy() or self._since(self._ready) > BUSY_MS:
            self._say("update: build {} is here, starting it".format(self._build))
            self._restart()

    def _refuse(self, word: str, text: str) -> None:
        self._end()
        self._say("update: build {} refused: {}".format(self._build, text))
        self._barred[self._build] = self._watchdog.uptime_s() + AGAIN_S
        self._cuts = 0
        self._slots.refused(self._build, word)
        self.news = True

    def _end(self) -> None:
        steps, self._steps = self._steps, None
        if steps is not None:
            steps.close()

    def _since(self, ticks: int) -> int:
        return self._clock.ticks_diff(self._clock.ticks_ms(), ticks)
