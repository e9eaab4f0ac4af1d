"""Pictures shared between the thread that draws and the cameras that send."""

from __future__ import annotations

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from iotd.simulate.pictures import Film, Studio
from iotd.simulate.scene import View, draw

VIEW = View("127.0.0.1", 1)


class Films(SynchronousTestCase):
    """One camera's newest picture."""

    def setUp(self) -> None:
        self.drawing: list[tuple[View, Deferred[bytes]]] = []
        self.film = Film(self.draw, VIEW)

    def draw(self, view: View) -> Deferred[bytes]:
        """Begin a picture that the test finishes."""
        self.drawing.append((view, Deferred()))
        return self.drawing[-1][1]

    def test_one_picture_is_drawn_at_a_time(self) -> None:
        """Who asks faster than pictures are drawn gets the last one again."""
        self.assertEqual([self.film.next(), self.film.next()], [None, None])
        self.drawing[0][1].callback(b"one")
        self.assertEqual([self.film.next(), self.film.next()], [b"one", b"one"])
        self.assertEqual(len(self.drawing), 2)
        self.drawing[1][1].callback(b"two")
        self.assertEqual(self.film.next(), b"two")

    def test_pictures_of_an_old_setting_are_dropped(self) -> None:
        """After a change no picture of before is shown, drawn already or not."""
        self.film.next()
        self.film.change(VIEW.changed(quality=10))
        self.drawing[0][1].callback(b"old")
        self.assertIsNone(self.film.next())
        self.drawing[1][1].callback(b"new")
        self.assertEqual(self.film.next(), b"new")
        self.assertEqual(self.drawing[1][0].quality, 10)

    def test_a_picture_that_fails(self) -> None:
        """A failure is logged and the next picture is drawn."""
        self.film.next()
        self.drawing[0][1].errback(MemoryError("full"))
        self.assertEqual(len(self.flushLoggedErrors(MemoryError)), 1)
        self.film.next()
        self.assertEqual(len(self.drawing), 2)


class Studios(TestCase):
    """The thread."""

    async def test_it_draws_the_moment_it_is_asked(self) -> None:
        """A picture shows the time of the studio's clock."""
        studio = Studio(reactor, lambda: 42.0)
        studio.start()
        self.addCleanup(studio.stop)
        self.assertEqual(await studio.draw(VIEW), draw(VIEW, 42.0))
