"""Which page the watch shows, and how button and dial turn it."""

import watch_pages as pages
from doctor import ADVICE, REPORT

REDRAW_MS = 500
#: A press of this length turns the text of a page, a shorter one turns to the next page.
LONG_MS = 700


class Screen:
    """poll() it every 10 ms; ``display`` is a Part with an Ssd1306."""

    def __init__(self, display, button, dial, doctor, view, clock):
        self._display = display
        self._button = button
        self._dial = dial
        self._doctor = doctor
        self._view = view
        self._clock = clock
        self._pressed = clock.ticks_ms()
        self._drawn = None
        self.page = pages.PULSE
        self.part = 0

    def poll(self) -> None:
        """Hear the hands, and show what is to be seen; one row of the display at a time."""
        self._hands()
        display = self._display.get()
        if display is None:
            self._drawn = None
            return
        try:
            if self._drawn is None or self._since(self._drawn) >= REDRAW_MS:
                display.draw(*self._content())
                self._drawn = self._clock.ticks_ms()
            display.poll()
        except OSError as problem:
            self._display.failed(problem)

    def _hands(self) -> None:
        turned = self._dial.turned()
        if self._button.poll():
            if self._button.down:
                self._pressed = self._clock.ticks_ms()
            elif self._since(self._pressed) < LONG_MS:
                turned += 1
            else:
                self.part += 1
                self._drawn = None
        if turned:
            self.page = (self.page + turned) % pages.COUNT
            self.part = 0
            self._drawn = None

    def _content(self) -> tuple:
        view = self._view
        if self.page == pages.PULSE:
            return pages.pulse(*view.pulse())
        if self.page == pages.TEMPERATURE:
            return pages.temperature(*view.temperature())
        if self.page == pages.OXYGEN:
            return pages.oxygen(*view.oxygen())
        if self.page == pages.ADVICE:
            self._doctor.want(ADVICE)
            return pages.text("Advice", self._doctor.advice(), self.part)
        if self.page == pages.REPORT:
            self._doctor.want(REPORT)
            return pages.text("Report", self._doctor.report(), self.part)
        return pages.link(*view.link())

    def _since(self, ticks: int) -> int:
        return self._clock.ticks_diff(self._clock.ticks_ms(), ticks)
