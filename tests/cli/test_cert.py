"""``iotd cert``."""

from __future__ import annotations

import json
from pathlib import Path

from iotd.tls.office import Wish
from tests.cli.command import CommandCase
from tests.tls.room import made


class Cert(CommandCase):
    """What is asked of the daemon, and what is said of its answer."""

    def wish(self) -> Wish:
        """What was asked for last."""
        asked: Wish = self.parts.certificates.calls[-1][0]
        return asked

    def test_empty_name(self) -> None:
        """An empty name, as of a variable of the shell that is not set, is bad use."""
        said = self.iotd("cert", "--name", "")
        self.assertEqual((said.code, said.out), (2, ""))
        self.assertIn("a name is empty", said.err)

    def test_wishes(self) -> None:
        """Every option reaches the daemon."""
        self.iotd("cert", "--name", "a.example", "--name", "b.example", "--days", "90", "--renew",
                  "--without", "c.example")
        self.assertEqual(
            self.wish(), Wish(("a.example", "b.example"), ("c.example",), 90, True, False)
        )
        self.iotd("cert", "--new-authority")
        self.assertEqual(self.wish(), Wish(authority=True))

    def test_words(self) -> None:
        """It says what was made, until when, which lines to add, and how others trust it."""
        said = self.iotd("cert")
        self.assertEqual(said.code, 0)
        for words in ("/data/tls/ca.pem", "until 2056-11-18", 'listen = ["tcp:8080", "ssl:8443"]',
                      "iotd flash", "AB:CD"):
            self.assertIn(words, said.out)

    def test_show(self) -> None:
        """--show asks for nothing; a fault is a warning, and the exit code 1."""
        said = self.iotd("cert", "--show")
        self.assertEqual((said.code, self.parts.certificates.calls), (1, []))
        self.assertIn("warning: for browsers: It has ended.", said.err)
        self.assertEqual(json.loads(self.iotd("cert", "--show", "--json").out)["exists"], True)

    def test_bad_days(self) -> None:
        """Days that are no number are bad use."""
        self.assertEqual(self.iotd("cert", "--days", "many").code, 2)
        self.assertEqual(self.iotd("cert", "--days", "-5").code, 1)

    def test_check(self) -> None:
        """`iotd check` warns of listeners that have no certificate, until there is one."""
        config = Path(self.mktemp())
        config.write_text('[web]\nlisten = ["ssl:8443"]\n[mqtt]\nlisten = "ssl:8883"\n')
        said = self.iotd("check", "--config", str(config))
        self.assertEqual((said.code, said.out), (0, "ok\n"))
        self.assertIn("web.listen, mqtt.listen: there is no certificate yet", said.err)
        made(self.data_dir / "tls")
        self.assertEqual(self.iotd("check", "--config", str(config)).err, "")
