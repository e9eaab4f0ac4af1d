"""Configuration files with one fault each, and the exact sentence that tells it.

The sentence begins after the file's name.
"""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from iotd.config import ConfigFaults, load

ENDPOINTS = (
    '; allowed is a list of one or more endpoints such as ["tcp:8080"], '
    '["tcp6:8080"], ["unix:/run/iotd/web.sock"]'
)
STORE = (
    "; allowed is sqlite:///file (relative to data_dir), sqlite:////file (absolute) "
    "or mysql+pymysql://user:password@host/database"
)
BROKER = (
    '; allowed is "embedded", "mqtt://user:password@host:1883" or '
    '"mqtts://user:password@host"'
)
TOPIC = '; allowed is a topic without + and #, outside iotd/ and $, or "" for none'
DISCOVERY = '; allowed is Home Assistant\'s prefix such as "homeassistant", or "" for none'
PUBLIC = "; allowed is http:// or https://, a host and perhaps a port"
ZONE = '; allowed is an IANA name such as "Europe/Berlin"'
PROXIES = '; allowed is a list of addresses or networks such as ["10.0.0.0/8"]'
ENROLMENT = '; allowed is "approve", "open" or "keyed"'
SECTIONS = (
    "[site], [web], [devices], [cameras], [mqtt], [campus], [accounts], [alerts], [cabinet],"
    " [store]"
)
SMTP = '; allowed is "", "smtp://user:password@host:587" or "smtps://…:465"'
SENDER = '; allowed is an e-mail address such as "iotd@example.org"'
MAILS = '; allowed is a list of e-mail addresses such as ["family@example.org"]'
HOOKS = "; allowed is a list of http:// or https:// addresses"
DETECTOR = '; allowed is "", or the path of an ONNX file that is there'
KEYS_OF_WEB = (
    "web.listen, web.trusted_proxies, web.max_connections, "
    "web.max_connections_per_address"
)

BROKEN: list[tuple[str, str]] = [
    ("listn = 3", "line 1: listn is not a key; nearest is web.listen"),
    ("poll_seconds = 3", "line 1: poll_seconds is not a key; nearest is devices.poll_seconds"),
    ("colour = 3", "line 1: colour is not a key; allowed is one of data_dir, " + SECTIONS),
    ("[camera]\non_demand = true", "line 1: [camera] is not a section; nearest is [cameras]"),
    (
        "[weather]\ncity = 'Bern'",
        "line 1: [weather] is not a section; allowed is one of " + SECTIONS,
    ),
    ("web = 8080", "line 1: web is 8080; allowed is a section, [web]"),
    ("[[web]]\nlisten = []", "line 1: web is [{'listen': []}]; allowed is a section, [web]"),
    ("data_dir = 5", "line 1: data_dir is 5; allowed is a directory"),
    ("data_dir = ''", "line 1: data_dir is ''; allowed is a directory"),
    (
        "data_dir = '/etc/passwd'",
        "line 1: data_dir is '/etc/passwd' (it is a file); allowed is a directory",
    ),
    ("[data_dir]\npath = 'x'", "line 1: data_dir is {}; allowed is a directory"),
    ("[web]\nlisen = []", "line 2: web.lisen is not a key; nearest is web.listen"),
    ("[web]\ntls = true", "line 2: web.tls is not a key; allowed is one of " + KEYS_OF_WEB),
    (
        "[web]\nenrolment = 'open'",
        "line 2: web.enrolment is not a key; nearest is devices.enrolment",
    ),
    ("[site]\nname = ''", "line 2: site.name is ''; allowed is 1 to 64 printable characters"),
    (
        '[site]\nname = "a\\u0007b"',
        "line 2: site.name is 'a\\x07b'; allowed is 1 to 64 printable characters",
    ),
    (
        "[site]\ntimezone = 'Europe/Berlni'",
        "line 2: site.timezone is 'Europe/Berlni'" + ZONE + "; nearest is 'Europe/Berlin'",
    ),
    (
        "[site]\ntimezone = 'Kolkata'",
        "line 2: site.timezone is 'Kolkata'" + ZONE + "; nearest is 'Asia/Kolkata'",
    ),
    ("[site]\ntimezone = 2", "line 2: site.timezone is 2" + ZONE),
    ("[site]\ntimezone = '../../etc/passwd'", "line 2: site.timezone is '../../etc/passwd'" + ZONE),
    (
        "[site]\npublic_url = 'iotd.example.org'",
        "line 2: site.public_url is 'iotd.example.org' (it has no scheme)" + PUBLIC,
    ),
    (
        "[site]\npublic_url = 'ftp://example.org'",
        "line 2: site.public_url is 'ftp://example.org' (its scheme is 'ftp')" + PUBLIC,
    ),
    (
        "[site]\npublic_url = 'https://admin:geheim@example.org'",
        "line 2: site.public_url is 'https://admin:***@example.org' (it holds a user name)"
        + PUBLIC,
    ),
    (
        "[site]\npublic_url = 'https://example.org/iotd'",
        "line 2: site.public_url is 'https://example.org/iotd'"
        " (it goes on after the host; pages lie at /)"
        + PUBLIC
        + "; nearest is 'https://example.org'",
    ),
    (
        "[site]\npublic_url = 'http://:80'",
        "line 2: site.public_url is 'http://:80' (it names no host)" + PUBLIC,
    ),
    (
        "[site]\npublic_url = 'http://h:99999'",
        "line 2: site.public_url is 'http://h:99999' (its port is no number from 1 to 65535)"
        + PUBLIC,
    ),
    ("[web]\nlisten = 'tcp:8080'", "line 2: web.listen is 'tcp:8080'" + ENDPOINTS),
    ("[web]\nlisten = []", "line 2: web.listen is []" + ENDPOINTS),
    ("[web]\nlisten = [8080]", "line 2: web.listen has 8080" + ENDPOINTS),
    (
        "[web]\nlisten = ['8080']",
        "line 2: web.listen has '8080' (it has no kind)" + ENDPOINTS + "; nearest is 'tcp:8080'",
    ),
    (
        "[web]\nlisten = ['tcp:70000']",
        "line 2: web.listen has 'tcp:70000' (port 70000 is not from 0 to 65535)" + ENDPOINTS,
    ),
    (
        "[web]\nlisten = ['tcp:http']",
        "line 2: web.listen has 'tcp:http' ('http' is not a number)" + ENDPOINTS,
    ),
    (
        "[web]\nlisten = ['tpc:8080']",
        "line 2: web.listen has 'tpc:8080' ('tpc' is no kind of endpoint)"
        + ENDPOINTS
        + "; nearest is 'tcp:8080'",
    ),
    (
        "[web]\nlisten = ['quic:8080']",
        "line 2: web.listen has 'quic:8080' ('quic' is no kind of endpoint)" + ENDPOINTS,
    ),
    ("[web]\nlisten = ['tcp']", "line 2: web.listen has 'tcp' (it lacks a part)" + ENDPOINTS),
    (
        "[web]\nlisten = ['tcp:80:colour=red']",
        "line 2: web.listen has 'tcp:80:colour=red' (it has no option 'colour')" + ENDPOINTS,
    ),
    (
        "[web]\nlisten = ['tcp:1:2:3:4']",
        "line 2: web.listen has 'tcp:1:2:3:4' (it has too many parts)" + ENDPOINTS,
    ),
    ("[web]\nlisten = ['unix:']", "line 2: web.listen has 'unix:' (it has no path)" + ENDPOINTS),
    (
        "[web]\nlisten = ['ssl:8443:privateKey=/nowhere/key.pem']",
        "line 2: web.listen has 'ssl:8443:privateKey=/nowhere/key.pem'"
        " (/nowhere/key.pem: No such file or directory)"
        + ENDPOINTS,
    ),
    (
        "[web]\nlisten = ['ssl:8443:colour=red']",
        "line 2: web.listen has 'ssl:8443:colour=red' (it has no option 'colour')" + ENDPOINTS,
    ),
    (
        "[web]\nlisten = ['ssl:99999']",
        "line 2: web.listen has 'ssl:99999' (port 99999 is not from 0 to 65535)" + ENDPOINTS,
    ),
    (
        "[web]\nlisten = ['ssl:https']",
        "line 2: web.listen has 'ssl:https' ('https' is not a number)" + ENDPOINTS,
    ),
    (
        "[web]\nlisten = ['ssl:8443']\n[devices]\nlisten = ['tcp:8443']",
        "line 4: devices.listen and web.listen share port 8443: 'ssl:8443' and 'tcp:8443'"
        "; allowed is a port of its own",
    ),
    (
        "[web]\nlisten = ['systemd:domain=INET:index=0']",
        "line 2: web.listen has 'systemd:domain=INET:index=0' (systemd passed no such socket)"
        + ENDPOINTS,
    ),
    (
        "[web]\nlisten = [\n  'tcp:8080',\n  'tcp:8080',\n]",
        "line 2: web.listen and web.listen share port 8080: 'tcp:8080' and 'tcp:8080'"
        "; allowed is a port of its own",
    ),
    (
        "[devices]\nlisten = ['tcp:8080']",
        "line 2: devices.listen and web.listen share port 8080: 'tcp:8080' and 'tcp:8080'"
        "; allowed is a port of its own",
    ),
    (
        "[cameras]\nlisten = ['tcp6:1883']",
        "line 2: cameras.listen and mqtt.listen share port 1883: 'tcp6:1883' and 'tcp:1883'"
        "; allowed is a port of its own",
    ),
    (
        "[web]\ntrusted_proxies = ['10.0.0.1/8']",
        "line 2: web.trusted_proxies has '10.0.0.1/8'" + PROXIES + "; nearest is '10.0.0.0/8'",
    ),
    (
        "[web]\ntrusted_proxies = ['proxy.example']",
        "line 2: web.trusted_proxies has 'proxy.example'" + PROXIES,
    ),
    (
        "[web]\nmax_connections = 0",
        "line 2: web.max_connections is 0; allowed is a whole number from 1 to 1000000",
    ),
    (
        "[devices]\nenrolment = 'aprove'",
        "line 2: devices.enrolment is 'aprove'" + ENROLMENT + "; nearest is 'approve'",
    ),
    ("[devices]\nenrolment = 1", "line 2: devices.enrolment is 1" + ENROLMENT),
    (
        "[devices]\npoll_seconds = 0",
        "line 2: devices.poll_seconds is 0; allowed is a whole number from 1 to 3600",
    ),
    (
        "[devices]\npoll_seconds = 3601",
        "line 2: devices.poll_seconds is 3601; allowed is a whole number from 1 to 3600",
    ),
    (
        "[devices]\npoll_seconds = '30'",
        "line 2: devices.poll_seconds is '30'; allowed is a whole number from 1 to 3600",
    ),
    (
        "[devices]\npoll_seconds = 2.5",
        "line 2: devices.poll_seconds is 2.5; allowed is a whole number from 1 to 3600",
    ),
    (
        "[devices]\nmax_message_bytes = 1",
        "line 2: devices.max_message_bytes is 1"
        "; allowed is a whole number of bytes from 64 to 67108864",
    ),
    (
        "[cameras]\nmax_frame_bytes = 16777216",
        "line 2: cameras.max_frame_bytes is 16777216"
        "; allowed is a whole number of bytes from 64 to 16777215",
    ),
    (
        "[cameras]\non_demand = 'yes'",
        "line 2: cameras.on_demand is 'yes'; allowed is true or false",
    ),
    (
        "[mqtt]\nbroker = 'embeded'",
        "line 2: mqtt.broker is 'embeded'" + BROKER + "; nearest is 'embedded'",
    ),
    (
        "[mqtt]\nbroker = 'http://user:geheim@broker'",
        "line 2: mqtt.broker is 'http://user:***@broker' (its scheme is 'http')" + BROKER,
    ),
    (
        "[mqtt]\nbroker = 'mqtt://user:geheim'",
        "line 2: mqtt.broker is 'mqtt://user:***' (its port is no number from 1 to 65535)" + BROKER,
    ),
    (
        "[mqtt]\nbroker = 'mqtt://user:ge@heim@host:0'",
        "line 2: mqtt.broker is 'mqtt://user:***@host:0'"
        " (its port is no number from 1 to 65535)"
        + BROKER,
    ),
    (
        "[mqtt]\nbroker = 'mqtts://broker/topic'",
        "line 2: mqtt.broker is 'mqtts://broker/topic' (it goes on after the port)" + BROKER,
    ),
    (
        "[mqtt]\nlegacy_topic = 'gates/#'",
        "line 2: mqtt.legacy_topic is 'gates/#' (it has a wildcard)" + TOPIC,
    ),
    ("[mqtt]\nlegacy_topic = 'iotd/gate'", "line 2: mqtt.legacy_topic is 'iotd/gate'" + TOPIC),
    ("[mqtt]\ndiscovery = 'a/b'", "line 2: mqtt.discovery is 'a/b'" + DISCOVERY),
    (
        "[mqtt]\ndiscovery = 'iotd'",
        "line 2: mqtt.discovery is 'iotd' (its topics are the gates')" + DISCOVERY,
    ),
    (
        "[campus]\nmin_rssi = 1",
        "line 2: campus.min_rssi is 1; allowed is a whole number from -127 to 0",
    ),
    (
        "[campus]\nrepeat_seconds = -1",
        "line 2: campus.repeat_seconds is -1; allowed is a whole number from 0 to 86400",
    ),
    (
        "[campus]\ncurfew = '22'",
        "line 2: campus.curfew is '22'"
        '; allowed is a time of day such as "22:00", or "" for none',
    ),
    (
        "[campus]\nanonymous_counts = 0",
        "line 2: campus.anonymous_counts is 0; allowed is true or false",
    ),
    (
        "[accounts]\nsign_up = 'all'",
        "line 2: accounts.sign_up is 'all'; allowed is \"approve\", \"open\" or \"closed\"",
    ),
    (
        "[alerts]\nsmtp = 'mail.example.org'",
        "line 2: alerts.smtp is 'mail.example.org' (it has no scheme)" + SMTP,
    ),
    (
        "[alerts]\nsmtp = 'http://me:geheim@mail'",
        "line 2: alerts.smtp is 'http://me:***@mail' (its scheme is 'http')" + SMTP,
    ),
    (
        "[alerts]\nsmtp = 'smtp://me:geheim@'",
        "line 2: alerts.smtp is 'smtp://me:***@' (it names no host)" + SMTP,
    ),
    (
        "[alerts]\nsmtp = 'smtp://mail'",
        "line 2: alerts.smtp is set and alerts.mail_from is not"
        "; allowed is alerts.mail_from as" + SENDER.removeprefix("; allowed is"),
    ),
    (
        "[alerts]\nmail_to = ['ann@example.org']",
        "line 2: alerts.mail_to is set and alerts.smtp is not"
        "; allowed is alerts.smtp as" + SMTP.removeprefix("; allowed is"),
    ),
    (
        "[alerts]\nmail_from = 'Ann Berg'",
        "line 2: alerts.mail_from is 'Ann Berg' (it is no plain address)" + SENDER,
    ),
    (
        "[alerts]\nmail_to = ['ann']",
        "line 2: alerts.mail_to has 'ann' (it is no plain address)" + MAILS,
    ),
    (
        '[alerts]\nmail_to = ["a b\\u000a"]',
        "line 2: alerts.mail_to has 'a b\\n' (it is no plain address)" + MAILS,
    ),
    (
        "[alerts]\nmail_to = 'ann@example.org'",
        "line 2: alerts.mail_to is '***@example.org'" + MAILS,
    ),
    (
        "[alerts]\nwebhooks = ['hook.example.org']",
        "line 2: alerts.webhooks has 'hook.example.org' (it has no scheme)" + HOOKS,
    ),
    (
        "[alerts]\nwebhooks = ['file:///etc/passwd']",
        "line 2: alerts.webhooks has 'file:///etc/passwd' (it names no host)" + HOOKS,
    ),
    (
        "[alerts]\nwebhooks = ['ftp://hook']",
        "line 2: alerts.webhooks has 'ftp://hook' (its scheme is 'ftp')" + HOOKS,
    ),
    (
        "[alerts]\nwebhooks = ['https:///x']",
        "line 2: alerts.webhooks has 'https:///x' (it names no host)" + HOOKS,
    ),
    ("[alerts]\nvalues = 1", "line 2: alerts.values is 1; allowed is true or false"),
    (
        "[cabinet]\ndetector = '/nowhere/own.onnx'",
        "line 2: cabinet.detector is '/nowhere/own.onnx' (No such file or directory)" + DETECTOR,
    ),
    (
        "[cabinet]\ndetector = '/etc'",
        "line 2: cabinet.detector is '/etc' (Is a directory)" + DETECTOR,
    ),
    (
        "[cabinet]\ndetector = '/etc/hosts'",
        "line 2: cabinet.detector is set and cabinet.detector_items is not"
        "; allowed is cabinet.detector_items as a list of item names,"
        ' one for each class of the detector, "" to leave out',
    ),
    ("[store]\nurl = 'iotd.sqlite3'", "line 2: store.url is 'iotd.sqlite3'" + STORE),
    (
        "[store]\nurl = 'mysql://root:geheim@db/iotd'",
        "line 2: store.url is 'mysql://root:***@db/iotd' (its scheme is 'mysql')"
        + STORE
        + "; nearest is 'mysql+pymysql'",
    ),
    (
        "[store]\nurl = 'postgresql://root:geheim@db/iotd'",
        "line 2: store.url is 'postgresql://root:***@db/iotd' (its scheme is 'postgresql')" + STORE,
    ),
    ("[store]\nurl = 'sqlite://'", "line 2: store.url is 'sqlite://' (it names no file)" + STORE),
    (
        "[store]\nurl = 'mysql+pymysql://root:geheim@db'",
        "line 2: store.url is 'mysql+pymysql://root:***@db' (it names no database)" + STORE,
    ),
    (
        "[store]\nurl = 'mysql+pymysql://root:geheim@db:port/iotd'",
        "line 2: store.url is 'mysql+pymysql://root:***@db:port/iotd' (it can't be read)" + STORE,
    ),
    (
        "[web\nlisten = 3",
        "line 1: the file is not TOML (Expected ']' at the end of a table declaration, column 5)",
    ),
    (
        "[web]\nmax_connections = 1\nmax_connections = 2",
        "line 3: the file is not TOML (Cannot overwrite a value)",
    ),
    ('listen = "\\q"', "line 1: the file is not TOML (Unescaped '\\' in a string, column 13)"),
]


class WrittenFile(SynchronousTestCase):
    """A test case that writes a file and loads it."""

    def written(self, text: str | bytes) -> Path:
        """A configuration file with this text."""
        path = Path(self.mktemp())
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def faults(self, text: str | bytes, environ: dict[str, str] | None = None) -> list[str]:
        """The sentences that loading the text gives, without the file's name."""
        path = self.written(text)
        found = self.assertRaises(ConfigFaults, load, path, environ or {})
        return [str(fault).removeprefix(f"{path} ") for fault in found.faults]
