"""The configuration: defaults, a file, and every fault at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import ValidationError
from twisted.trial.unittest import SynchronousTestCase

from iotd.config import KINDS, ConfigFaults, load
from iotd.config_checks import same_port
from iotd.config_faults import masked, nearest, quoted
from tests.broken_configs import BROKEN, WrittenFile

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "deploy" / "iotd.toml.example"
OPERATIONS = ROOT / "docs" / "operations.md"


class Defaults(WrittenFile):
    """What holds without a file."""

    def test_every_key_has_its_documented_default(self) -> None:
        """An empty configuration has the values that operators were promised."""
        config = load(None, {})
        self.assertEqual(config.data_dir, Path.cwd() / "var")
        self.assertEqual(config.site.model_dump(), SITE)
        self.assertEqual(config.web.model_dump(), WEB)
        self.assertEqual(config.devices.model_dump(), DEVICES)
        self.assertEqual(config.cameras.model_dump(), CAMERAS)
        self.assertEqual(config.mqtt.model_dump(), MQTT)
        self.assertEqual(config.campus.model_dump(), CAMPUS)
        self.assertEqual(config.accounts.model_dump(), {"sign_up": "approve"})
        self.assertEqual(config.alerts.model_dump(), ALERTS)
        self.assertEqual(config.cabinet.model_dump(), CABINET)
        self.assertEqual(config.store.url, "sqlite:///iotd.sqlite3")

    def test_the_example_is_the_defaults(self) -> None:
        """The example file names every key, each commented out with its default."""
        lines = EXAMPLE.read_text().splitlines()
        self.assertFalse([line for line in lines if line and line[0] not in "#["])
        text = "\n".join(line.removeprefix("# ") for line in lines if not line.startswith("##"))
        given = tomllib.loads(text)
        keys = {f"{s}.{k}" for s, v in given.items() if isinstance(v, dict) for k in v}
        self.assertEqual(keys | {"data_dir"}, set(KINDS))
        config = load(self.written(text), {})
        self.assertEqual(config.model_dump(), load(None, {}).model_dump())

    def test_the_example_loads_as_it_is(self) -> None:
        """The example file can be copied and used without an edit."""
        self.assertEqual(load(EXAMPLE, {}).model_dump(), load(None, {}).model_dump())

    def test_operators_find_every_key(self) -> None:
        """The page for operators has each key with its default, and no other."""
        rows = re.findall(r"^\| `([a-z_.]+)` \| `(.*?)` \|", OPERATIONS.read_text(), re.MULTILINE)
        self.assertEqual([key for key, _ in rows], list(KINDS))
        config = load(self.written("\n".join(f"{key} = {value}" for key, value in rows)), {})
        self.assertEqual(config.model_dump(), load(None, {}).model_dump())

    def test_nothing_can_be_changed_afterwards(self) -> None:
        """The configuration is frozen, its sections too."""
        config = load(None, {})
        with self.assertRaises(ValidationError):
            config.web = config.web  # type: ignore[misc]
        with self.assertRaises(ValidationError):
            config.web.listen = ()  # type: ignore[misc]


class Files(WrittenFile):
    """What a file may say."""

    def test_a_broken_file_is_told_in_one_exact_sentence(self) -> None:
        """Each broken file gives its one sentence: line, key, what was read, what is allowed."""
        for text, sentence in BROKEN:
            with self.subTest(text):
                self.assertEqual(self.faults(text), [sentence])

    def test_there_are_many_broken_files(self) -> None:
        """The table of broken files covers at least forty different ones."""
        self.assertGreaterEqual(len({text for text, _ in BROKEN}), 40)

    def test_all_faults_at_once_in_the_order_of_the_file(self) -> None:
        """A file with many faults is told in one go, line by line."""
        text = "colour = 1\n[camera]\nmax_frame_bytes = 0\n[web]\nlisten = ['x', 'y']\n"
        text += "[devices]\nlisten = ['tcp:1883']\npoll_seconds = 0\n"
        told = self.faults(text, {"IOTD_CAMPUS__MIN_RSSI": "5"})
        starts = [sentence.partition(";")[0].partition(" (")[0] for sentence in told]
        self.assertEqual(starts, ALL_AT_ONCE)

    def test_line_of_a_value_over_many_lines(self) -> None:
        """The line told is the one where the key stands, comments and long strings passed."""
        text = '# one\n[site]\nname = """\nlisten = 3\n"""\n[web]\n\nlisten = [\n # x\n 1,\n]\n'
        self.assertIn("line 8: web.listen has 1;", self.faults(text)[1])
        self.assertIn("line 3: site.name is", self.faults(text)[0])

    def test_dotted_keys_are_the_same_keys(self) -> None:
        """``web.listen = …`` is the key of the section [web]."""
        config = load(self.written("web.listen = ['tcp:8081']"), {})
        self.assertEqual(config.web.listen, ("tcp:8081",))
        self.assertRegex(config.source("web.listen"), " line 1$")

    def test_a_byte_order_mark_is_no_fault(self) -> None:
        """A file saved by an editor that begins UTF-8 with a mark is read."""
        config = load(self.written(b"\xef\xbb\xbf[site]\nname = 'here'"), {})
        self.assertEqual(config.site.name, "here")

    def test_files_that_cannot_be_read(self) -> None:
        """No file, a folder, a huge file and other bytes are told as what they are."""
        found = self.assertRaises(ConfigFaults, load, "/nowhere/iotd.toml", {})
        self.assertEqual(str(found), NO_FILE)
        found = self.assertRaises(ConfigFaults, load, "/", {})
        self.assertEqual(str(found), "/: the file can't be read (Is a directory)")
        self.assertTrue(self.faults(b"a = '\xff'")[0].endswith("the file is not UTF-8 at byte 5"))
        self.assertIn("is larger than 1048576 bytes", self.faults(b"#" * 1048577)[0])

    def test_values_that_are_good(self) -> None:
        """Every kind of listener, store and broker that is promised is taken."""
        config = load(self.written(GOOD), {})
        self.assertEqual(config.web.listen[1], "tcp6:8443:interface=\\:\\:1")
        self.assertEqual(config.devices.listen, ())
        self.assertEqual(config.site.public_url, "https://iot.example.org")
        self.assertEqual(config.store.url, "mysql+pymysql://root:p%40ss@db:3307/iotd?charset=utf8")
        self.assertEqual(config.mqtt.legacy_topic, "")
        self.assertEqual(config.alerts.mail_to, ("o'neil+night@mail.example.org", "root@localhost"))
        self.assertEqual(config.alerts.webhooks[1], "http://[::1]:8123/api/webhook/x?y=z#w")
        self.assertEqual(config.cabinet.detector, "/etc/hosts")

    def test_a_detector_of_the_folder(self) -> None:
        """A relative path of a detector is taken from the working directory."""
        Path("own.onnx").write_bytes(b"x")
        self.addCleanup(Path("own.onnx").unlink)
        text = "[cabinet]\ndetector = 'own.onnx'\ndetector_items = ['Pepsi', '']"
        config = load(self.written(text), {})
        self.assertEqual(config.cabinet.detector, str(Path.cwd() / "own.onnx"))

    def test_two_addresses_share_a_port(self) -> None:
        """The same port on two addresses is no clash, on one or on all of them it is."""
        here, there = "tcp:80:interface=127.0.0.1", "tcp:80:interface=127.0.0.2"
        self.assertIsNone(same_port(here, there))
        self.assertIsNone(same_port("tcp:80", "tcp:81"))
        self.assertIsNone(same_port("tcp:0", "tcp:0"))
        self.assertIsNone(same_port("tcp:80", "tcp6:80:interface=\\:\\:1"))
        self.assertIsNone(same_port("unix:/run/a", "tcp:80"))
        for other in (here, "tcp:80", "tcp6:80", "haproxy:tcp:80"):
            self.assertEqual(same_port(here, other), 80)


class Words(SynchronousTestCase):
    """How values are quoted."""

    def test_no_secret_is_ever_quoted(self) -> None:
        """A password of a URL is masked however badly the URL is written."""
        for url in SECRET_URLS:
            self.assertNotIn("geheim", masked(url))
            self.assertNotIn("geheim", quoted([url, {"url": url}]))

    def test_urls_without_secrets_stay(self) -> None:
        """A URL with a port, a path or just a host is quoted whole."""
        for url in ("mqtt://host:1883", "sqlite:///iotd.sqlite3", "http://h:80x", "tcp:8080"):
            self.assertEqual(masked(url), url)

    def test_the_configuration_shows_no_secret(self) -> None:
        """The ``repr`` of a configuration masks its URLs, their use doesn't."""
        config = load(None, {
            "IOTD_STORE__URL": "mysql+pymysql://root:geheim@db/iotd",
            "IOTD_ALERTS__SMTP": "smtp://me:geheim@mail", "IOTD_ALERTS__MAIL_FROM": "me@mail",
            "IOTD_ALERTS__WEBHOOKS": "https://me:geheim@hook/x?token=geheim",
        })
        self.assertNotIn("geheim", repr(config))
        self.assertIn("geheim", config.store.url)
        self.assertEqual(masked(config.store.url), "mysql+pymysql://root:***@db/iotd")

    def test_long_values_are_cut(self) -> None:
        """A message quotes at most 120 characters on one line."""
        self.assertEqual(len(quoted("x\n" * 1000)), 120)
        self.assertNotIn("\n", quoted("x\ny"))

    def test_nearest_ignores_case(self) -> None:
        """A name in the wrong case is as near as can be."""
        self.assertEqual(nearest("EUROPE/berlin", ["Europe/Berlin", "UTC"]), "Europe/Berlin")
        self.assertIsNone(nearest("zebra", ["listen"]))


NO_FILE = "/nowhere/iotd.toml: the file can't be read (No such file or directory)"
SITE = {"name": "iotd", "timezone": "UTC", "public_url": "http://localhost:8080"}
WEB = {
    "listen": ("tcp:8080",),
    "trusted_proxies": (),
    "max_connections": 8192,
    "max_connections_per_address": 4096,
}
DEVICES = {
    "listen": ("tcp:5001",),
    "enrolment": "approve",
    "poll_seconds": 30,
    "max_message_bytes": 1048576,
    "silent_seconds": 900,
    "max_connections": 5000,
    "max_connections_per_address": 64,
}
CAMERAS = {
    "listen": ("tcp:9001",),
    "max_frame_bytes": 4194304,
    "on_demand": False,
    "max_connections": 5000,
    "max_connections_per_address": 64,
}
MQTT = {
    "broker": "embedded", "listen": "tcp:1883", "legacy_topic": "sample", "discovery": "",
}
CAMPUS = {
    "repeat_seconds": 180, "min_rssi": -100, "anonymous_counts": True, "silent_seconds": 300,
    "curfew": "22:00", "registration_days": 365,
}
ALERTS = {"smtp": "", "mail_from": "", "mail_to": (), "webhooks": (), "values": False}
CABINET = {"detector": "", "detector_items": ()}
ALL_AT_ONCE = [
    "line 1: colour is not a key",
    "line 2: [camera] is not a section",
    "line 3: cameras.max_frame_bytes is 0",
    "line 5: web.listen has 'x'",
    "line 5: web.listen has 'y'",
    "line 7: devices.listen and mqtt.listen share port 1883: 'tcp:1883' and 'tcp:1883'",
    "line 8: devices.poll_seconds is 0",
    "environment IOTD_CAMPUS__MIN_RSSI: campus.min_rssi is 5",
]
GOOD = r"""
[site]
public_url = "https://iot.example.org/"
timezone = "America/Argentina/Buenos_Aires"
[web]
listen = ["tcp:8080:interface=127.0.0.1", 'tcp6:8443:interface=\:\:1', "unix:/run/iotd.sock"]
trusted_proxies = ["10.0.0.0/8", "::1", "192.0.2.7"]
[devices]
listen = []
[cameras]
listen = ["haproxy:tcp:9001", "tcp:0"]
[mqtt]
broker = "mqtts://user:p%40ss@[2001:db8::1]:8883"
legacy_topic = ""
[alerts]
smtp = "smtp://me%40example.org:p%40ss@[2001:db8::1]:2525"
mail_from = "iotd@example.org"
mail_to = ["o'neil+night@mail.example.org", "root@localhost"]
webhooks = ["https://user:p%40ss@example.org", "http://[::1]:8123/api/webhook/x?y=z#w"]
[cabinet]
detector = "/etc/hosts"
detector_items = ["Pepsi"]
[store]
url = "mysql+pymysql://root:p%40ss@db:3307/iotd?charset=utf8"
"""
SECRET_URLS = (
    "mqtt://user:geheim@host:1883",
    "mqtt://user:geheim",
    "mqtt://user:ge/geheim@host",
    "mqtt://us@er:geheim@host",
    "mqtt://us/er:geheim@host",
    "mqtt:user:geheim@host",
    "user:geheim@host",
    "MySQL+pymysql://root:geheim@db/iotd?password=geheim",
    "mysql+pymysql://db/iotd?user=root&password=geheim",
    "mqtt://user:1geheim/x",
)
