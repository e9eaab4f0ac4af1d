"""A Mosquitto of the bench, with the queues of deploy/mosquitto.conf and without its accounts."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

from bench.load import Bench
from bench.process import ROOT, Child, client_core, until

SHIPPED = ROOT / "deploy" / "mosquitto.conf"
ACCOUNTS = ("listener", "password_file", "acl_file", "allow_anonymous")


class Mosquitto:
    """Runs until ``end``, or until the bench ends, on the clients' core; hears anybody."""

    def __init__(self, bench: Bench, name: str) -> None:
        self._folder = bench.folder / name
        self._folder.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        conf = self._folder / "conf"
        conf.write_text("\n".join([*self._lines(), *_shipped()]) + "\n")
        log = open(self._folder / "log", "w")
        self.process = bench.keep(
            Child([_program(), "-c", conf], client_core(), stdout=log, stderr=log)
        )
        until(f"mosquitto listens: {conf}", self._listens)

    def _lines(self) -> list[str]:
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "persistence true",
                 f"persistence_location {self._folder}/"]
        # as root it would change to a user that may not write into the folder
        return lines + (["user root"] if os.geteuid() == 0 else [])

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def end(self) -> None:
        """Stop it and forget what it kept."""
        self.process.end()
        shutil.rmtree(self._folder, ignore_errors=True)


def _shipped() -> list[str]:
    lines = SHIPPED.read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("#", *ACCOUNTS))]


def _program() -> Path:
    found = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise RuntimeError("mosquitto is missing: install mosquitto (Debian)")
    return Path(found)
