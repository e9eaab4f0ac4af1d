"""Endpoint strings: as Twisted takes them apart, with files of one's own or without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import endpoints
from twisted.trial.unittest import SynchronousTestCase

from iotd.tls.endpoint import is_tls, parse
from iotd.tls.pem import Files

WRONG = {
    "ssl:": "port", "ssl:x": "not a number", "ssl:8443:colour=red": "no option 'colour'",
    "ssl:8443:extraCertChain=a.pem": "no privateKey", "ssl:interface=::1": "port is empty",
    "ssl:1:2:3:4:5:6:7:8:9": "too many parts", "ssl:-1": "not a number", "ssl:٣": "not a number",
}
values = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=20)


def escaped(text: str) -> str:
    """As a person has to write it."""
    return text.replace("\\", "\\\\").replace(":", "\\:").replace("=", "\\=")


class EndpointTests(SynchronousTestCase):
    """Parsing needs neither reactor nor files."""

    def test_own(self) -> None:
        """Without files the site's own are meant."""
        self.assertIsNone(parse("ssl:8443").files)
        self.assertEqual(parse("ssl:port=1:interface=\\:\\:1").interface, "::1")
        self.assertTrue(is_tls("ssl:1") and not is_tls("tcp:1"))

    def test_files(self) -> None:
        """One file may hold both; names are relative to the working directory."""
        both, here = parse("ssl:8443:privateKey=both.pem").files, Path.cwd() / "both.pem"
        self.assertEqual(both, Files(here, here))
        all_four = parse(
            "ssl:8443:/k.pem:/c.pem:TLSv1_2_METHOD:127.0.0.1:9:extraCertChain=/x:dhParameters=/d"
        )
        four = Files(Path("/k.pem"), Path("/c.pem"), Path("/x"), Path("/d"))
        self.assertEqual(all_four.files, four)
        self.assertEqual((all_four.interface, all_four.backlog), ("127.0.0.1", 9))

    def test_wrong(self) -> None:
        """What can't be taken apart is told of in words."""
        for text, why in WRONG.items():
            self.assertIn(why, str(self.assertRaises(ValueError, parse, text)))

    @given(st.integers(0, 65535), values, st.integers(1, 9999))
    def test_as_twisted(self, port: int, interface: str, backlog: int) -> None:
        """Port, interface and backlog are read as Twisted reads them from a tcp: endpoint."""
        rest = f"{port}:interface={escaped(interface)}:backlog={backlog}"
        theirs: Any = endpoints.serverFromString(None, f"tcp:{rest}")  # type: ignore
        ours = parse(f"ssl:{rest}")
        self.assertEqual(
            (ours.port, ours.interface, ours.backlog),
            (theirs._port, theirs._interface, theirs._backlog),
        )
