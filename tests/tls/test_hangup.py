"""SIGHUP: read anew, and the end on a terminal that was closed."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.tls.hangup import on_hangup
from tests.running_daemon import ROOT

PROGRAM = """
import sys
from twisted.internet import reactor
from iotd.tls.hangup import on_hangup
on_hangup(reactor, lambda: print("again", file=sys.stderr, flush=True))
reactor.callWhenRunning(print, "up", file=sys.stderr, flush=True)
reactor.run()
"""


class HangupTests(TestCase):
    """In this process, and in one with a terminal."""

    async def test_signal(self) -> None:
        """The work is done on the reactor, at each signal, until it is undone."""
        before = signal.getsignal(signal.SIGHUP)
        for _ in range(2):
            heard: Deferred[None] = Deferred()
            undo = on_hangup(reactor, lambda: heard.callback(None))
            os.kill(os.getpid(), signal.SIGHUP)
            await heard
            undo()
        self.assertEqual(signal.getsignal(signal.SIGHUP), before)

    def test_terminal(self) -> None:
        """With a terminal a signal is one to read anew; when the terminal is closed it ends."""
        ours, theirs = pty.openpty()
        child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], stdin=theirs, stderr=subprocess.PIPE, cwd=ROOT,
        )
        os.close(theirs)
        assert child.stderr is not None
        self.addCleanup(child.stderr.close)
        self.assertEqual(child.stderr.readline(), b"up\n")
        child.send_signal(signal.SIGHUP)
        self.assertEqual(child.stderr.readline(), b"again\n")
        os.close(ours)
        child.send_signal(signal.SIGHUP)
        self.assertEqual(child.wait(20), 0)
