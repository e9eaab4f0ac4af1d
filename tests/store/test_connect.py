"""Which database addresses are taken, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.store.connect import parse_url

FOLDER = Path("/srv/iotd")


class AddressTests(SynchronousTestCase):
    """store.url"""

    def test_files_lie_in_the_data_folder(self) -> None:
        """A relative path is one below data_dir, an absolute path stays."""
        self.assertEqual(parse_url("sqlite:///a.sqlite3", FOLDER).database, "/srv/iotd/a.sqlite3")
        self.assertEqual(parse_url("sqlite:////b/a.db", FOLDER).database, "/b/a.db")

    def test_servers_are_taken_as_they_are(self) -> None:
        """Host, port and options of a MySQL address are kept."""
        url = parse_url("mysql+pymysql://u:p@[::1]:3307/iotd?ssl_ca=/x.pem", FOLDER)
        self.assertEqual((url.host, url.port, url.query["ssl_ca"]), ("::1", 3307, "/x.pem"))

    def test_others_are_refused_by_field(self) -> None:
        """Each wrong address names store.url and never repeats a password."""
        wrong = (
            "", "iotd.sqlite3", "sqlite://", "sqlite:///:memory:", "sqlite:///a?mode=ro",
            "sqlite://host/a", "postgresql://u:s3cret@h/d", "mysql://u:s3cret@h/d",
            "mysql+pymysql://u:s3cret@h", "mysql+pymysql://u:s3cret@h:port/d", "nonsense://x",
        )  # fmt: skip
        for text in wrong:
            refused = self.assertRaises(Invalid, parse_url, text, FOLDER)
            self.assertEqual(refused.field, "store.url")
            self.assertIn("store.url", str(refused))
            self.assertNotIn("s3cret", str(refused))
