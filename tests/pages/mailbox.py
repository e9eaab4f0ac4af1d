"""A mail server in a thread of its own: browser tests keep this thread busy."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
import time


class _Speaker(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        """Take what comes until the caller goes."""
        self._say(b"220 here")
        for line in iter(self.rfile.readline, b""):
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say(b"354 go on")
                self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
            self._say(b"221 bye" if verb == b"QUIT" else b"250 ok")

    def _say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


class Mailbox(socketserver.ThreadingTCPServer):
    """Listens on loopback; ``mails`` are as they came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Speaker)
        self.mails: list[bytes] = []
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def wait_for(self, count: int, seconds: float = 10.0) -> str:
        """The text of the mail with this number, once it is there."""
        deadline = time.monotonic() + seconds
        while len(self.mails) < count:
            assert time.monotonic() < deadline, "no mail"
            time.sleep(0.01)
        mail = email.message_from_bytes(self.mails[count - 1], policy=email.policy.default)
        return str(mail.get_content())

    def close(self) -> None:
        """No more of it."""
        self.shutdown()
        self.server_close()
