"""The configuration from variables and the command line."""

from __future__ import annotations

from pathlib import Path

from iotd.config import KINDS, load, variable_of
from tests.broken_configs import WrittenFile

LISTEN = "IOTD_WEB__LISTEN"


class Environment(WrittenFile):
    """Variables over the file, ``--data`` over both."""

    def test_each_key_has_a_variable(self) -> None:
        """Whatever the key, its variable gives the value that a file would."""
        config = load(None, VARIABLES)
        self.assertEqual(set(VARIABLES), {variable_of(key) for key in KINDS})
        for key, value, source in config.items():
            self.assertEqual(source, f"environment {variable_of(key)}")
            self.assertEqual(value, FROM_VARIABLES[key], key)

    def test_a_variable_beats_the_file(self) -> None:
        """A key that is in both has the variable's value."""
        path = self.written("[site]\nname = 'file'\ntimezone = 'Asia/Tokyo'")
        config = load(path, {"IOTD_SITE__NAME": "variable"})
        self.assertEqual((config.site.name, config.site.timezone), ("variable", "Asia/Tokyo"))

    def test_a_variable_mends_a_faulty_key(self) -> None:
        """A fault in the file is none when a variable replaces the value."""
        path = self.written("[devices]\npoll_seconds = 0")
        self.assertEqual(load(path, {"IOTD_DEVICES__POLL_SECONDS": "5"}).devices.poll_seconds, 5)

    def test_lists_by_json_or_commas(self) -> None:
        """A list is written as JSON or with commas; bad JSON is told as text."""
        for text in ('["tcp:1", "tcp:2"]', "tcp:1,tcp:2", " tcp:1 , tcp:2 "):
            self.assertEqual(load(None, {LISTEN: text}).web.listen, ("tcp:1", "tcp:2"))
        told = self.faults("", {LISTEN: "[1"})[0]
        self.assertIn(f"environment {LISTEN}: web.listen is '[1';", told)

    def test_data_dir_of_the_command_line_wins(self) -> None:
        """``--data`` beats the variable and the file; a relative one is made absolute."""
        path = self.written("data_dir = 'file'")
        self.assertEqual(load(path, {}).data_dir, Path.cwd() / "file")
        config = load(path, {"IOTD_DATA_DIR": "/variable"})
        self.assertEqual(config.data_dir, Path("/variable"))
        config = load(path, {"IOTD_DATA_DIR": "/variable"}, "here")
        self.assertEqual(config.data_dir, Path.cwd() / "here")
        self.assertEqual(config.source("data_dir"), "--data")

    def test_variables_that_name_no_key(self) -> None:
        """A misspelt variable is a fault; variables of other makers are left alone."""
        environ = {"IOTD_WEB__LISEN": "1", "IOTD_WEB_LISTEN": "1", "IOTD_HOME": "1", "X__Y": "1"}
        self.assertEqual(self.faults("", environ), STRANGERS)

    def test_wrong_values_are_quoted_as_text(self) -> None:
        """What doesn't fit a number or a truth value is told as it was written."""
        told = self.faults("", {"IOTD_CAMERAS__ON_DEMAND": "maybe", "IOTD_CAMPUS__MIN_RSSI": ""})
        self.assertEqual([each.partition(";")[0] for each in told], WRONG_WORDS)


VARIABLES = {
    "IOTD_DATA_DIR": "/srv/iotd",
    "IOTD_SITE__NAME": "Campus",
    "IOTD_SITE__TIMEZONE": "Asia/Kolkata",
    "IOTD_SITE__PUBLIC_URL": "https://example.org",
    "IOTD_WEB__LISTEN": "tcp:80,tcp6:81",
    "IOTD_WEB__TRUSTED_PROXIES": "",
    "IOTD_WEB__MAX_CONNECTIONS": "7",
    "IOTD_WEB__MAX_CONNECTIONS_PER_ADDRESS": "6",
    "IOTD_DEVICES__LISTEN": '["tcp:82"]',
    "IOTD_DEVICES__ENROLMENT": "open",
    "IOTD_DEVICES__POLL_SECONDS": "3600",
    "IOTD_DEVICES__MAX_MESSAGE_BYTES": "65536",
    "IOTD_DEVICES__SILENT_SECONDS": "0",
    "IOTD_DEVICES__MAX_CONNECTIONS": "5",
    "IOTD_DEVICES__MAX_CONNECTIONS_PER_ADDRESS": "4",
    "IOTD_CAMERAS__LISTEN": "tcp:83",
    "IOTD_CAMERAS__MAX_FRAME_BYTES": "65536",
    "IOTD_CAMERAS__ON_DEMAND": "TRUE",
    "IOTD_CAMERAS__MAX_CONNECTIONS": "3",
    "IOTD_CAMERAS__MAX_CONNECTIONS_PER_ADDRESS": "2",
    "IOTD_MQTT__BROKER": "mqtt://broker",
    "IOTD_MQTT__LISTEN": "tcp:84",
    "IOTD_MQTT__LEGACY_TOPIC": "",
    "IOTD_MQTT__DISCOVERY": "homeassistant",
    "IOTD_CAMPUS__REPEAT_SECONDS": "0",
    "IOTD_CAMPUS__MIN_RSSI": "-127",
    "IOTD_CAMPUS__ANONYMOUS_COUNTS": "0",
    "IOTD_CAMPUS__SILENT_SECONDS": "60",
    "IOTD_CAMPUS__CURFEW": "",
    "IOTD_CAMPUS__REGISTRATION_DAYS": "0",
    "IOTD_ACCOUNTS__SIGN_UP": "closed",
    "IOTD_ALERTS__SMTP": "smtps://me:p%40ss@mail.example.org",
    "IOTD_ALERTS__MAIL_FROM": "iotd@example.org",
    "IOTD_ALERTS__MAIL_TO": "ann@example.org,bob@example.org",
    "IOTD_ALERTS__WEBHOOKS": '["https://ntfy.example.org/home?a=1,2"]',
    "IOTD_ALERTS__VALUES": "1",
    "IOTD_CABINET__DETECTOR": "/etc/hosts",
    "IOTD_CABINET__DETECTOR_ITEMS": "Pepsi,,Nutella",
    "IOTD_STORE__URL": "sqlite:////srv/other.sqlite3",
}
FROM_VARIABLES = {
    "data_dir": Path("/srv/iotd"),
    "site.name": "Campus",
    "site.timezone": "Asia/Kolkata",
    "site.public_url": "https://example.org",
    "web.listen": ("tcp:80", "tcp6:81"),
    "web.trusted_proxies": (),
    "web.max_connections": 7,
    "web.max_connections_per_address": 6,
    "devices.listen": ("tcp:82",),
    "devices.enrolment": "open",
    "devices.poll_seconds": 3600,
    "devices.max_message_bytes": 65536,
    "devices.silent_seconds": 0,
    "devices.max_connections": 5,
    "devices.max_connections_per_address": 4,
    "cameras.listen": ("tcp:83",),
    "cameras.max_frame_bytes": 65536,
    "cameras.on_demand": True,
    "cameras.max_connections": 3,
    "cameras.max_connections_per_address": 2,
    "mqtt.broker": "mqtt://broker",
    "mqtt.listen": "tcp:84",
    "mqtt.legacy_topic": "",
    "mqtt.discovery": "homeassistant",
    "campus.repeat_seconds": 0,
    "campus.min_rssi": -127,
    "campus.anonymous_counts": False,
    "campus.silent_seconds": 60,
    "campus.curfew": "",
    "campus.registration_days": 0,
    "accounts.sign_up": "closed",
    "alerts.smtp": "smtps://me:p%40ss@mail.example.org",
    "alerts.mail_from": "iotd@example.org",
    "alerts.mail_to": ("ann@example.org", "bob@example.org"),
    "alerts.webhooks": ("https://ntfy.example.org/home?a=1,2",),
    "alerts.values": True,
    "cabinet.detector": "/etc/hosts",
    "cabinet.detector_items": ("Pepsi", "", "Nutella"),
    "store.url": "sqlite:////srv/other.sqlite3",
}
STRANGERS = [
    "environment: IOTD_WEB_LISTEN names no key; nearest is IOTD_WEB__LISTEN",
    "environment: IOTD_WEB__LISEN names no key; nearest is IOTD_WEB__LISTEN",
]
WRONG_WORDS = [
    "environment IOTD_CAMERAS__ON_DEMAND: cameras.on_demand is 'maybe'",
    "environment IOTD_CAMPUS__MIN_RSSI: campus.min_rssi is ''",
]
