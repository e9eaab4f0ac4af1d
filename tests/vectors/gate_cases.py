"""What gates send and what it means, by hand from docs/protocol.md; see make_gate.py."""

from __future__ import annotations

from typing import Any

Case = dict[str, Any]

A, B = "aabbccddeeff", "0011223344aa"
ONE = '{"boot":"9f2c","seq":17,"ts":1732150000.2,"direction":"entry",' \
    '"seen":[{"mac":"aa:bb:cc:dd:ee:ff","rssi":-45}]}'
MESSAGE = ["9f2c", 17, 1732150000.2, 0, [[A, -45]]]
TAP = '{"boot":"9f2c","seq":18,"ts":null,"direction":"exit","uid":"04A1B2C3","method":"rfid"}'


def _seen(about: str, payload: str, *seen: Any, faults: Any = (), written: bool = False) -> Case:
    case: Case = {"about": about, "payload": payload, "seen": [*seen], "faults": [*faults]}
    return {**case, "written": True} if written else case


def _with(**changed: str) -> str:
    """ONE with other JSON in the place of some values."""
    values = {"boot": '"9f2c"', "seq": "17", "ts": "null", "direction": '"entry"', "seen": "[]"}
    return "{" + ",".join(f'"{key}":{value}' for key, value in {**values, **changed}.items()) + "}"


def _macs(*texts: str) -> str:
    return _with(seen="[" + ",".join(f'{{"mac":{text},"rssi":-50}}' for text in texts) + "]")


def _understood(*macs: str, rssi: Any = -50) -> list[Any]:
    return ["9f2c", 17, None, 0, [[mac, rssi] for mac in macs]]


NOTHING = _understood()

SEEN: list[Case] = [
    _seen("seen-one: one phone", ONE, MESSAGE, written=True),
    _seen(
        "seen-five: as a gate sends every few seconds",
        '{"boot":"9f2c","seq":18,"ts":1732150003.25,"direction":"exit","seen":['
        + ",".join(f'{{"mac":"02:00:00:00:00:0{n}","rssi":-{40 + n}}}' for n in range(1, 6)) + "]}",
        ["9f2c", 18, 1732150003.25, 1, [[f"02000000000{n}", -40 - n] for n in range(1, 6)]],
        written=True,
    ),
    _seen("seen-no-clock: the clock is not set yet", _with(), NOTHING, written=True),
    _seen("seen-backlog: a list is several messages", f"[{ONE},{_with(seq='18')}]", MESSAGE,
          ["9f2c", 18, None, 0, []]),
    _seen("seen-empty-backlog: a list of none is lawful", "[]"),
    _seen("seen-spaces: white space between tokens", ' { "boot" : "9f2c" ,\n"seq":17,"ts":null,'
          '\t"direction":"entry","seen":[ ] } ', NOTHING),
    _seen("seen-more-keys: unknown keys are passed over", _with(seen="[]", battery="3.7"), NOTHING),
    _seen("seen-key-twice: the last one counts", '{"seq":1,' + _with()[1:], NOTHING),
    _seen("seen-spellings: any usual spelling of an address",
          _macs('"AA:BB:CC:DD:EE:FF"', '"aa-bb-cc-dd-ee-ff"', '"aabb.ccdd.eeff"',
                '"AABBCCDDEEFF"', '" aa:bb:cc:dd:ee:ff "', '"\\u0061a:bb:cc:dd:ee:ff"'),
          _understood(*[A] * 6)),
    _seen("seen-no-rssi: a strength may be missing or null",
          _with(seen='[{"mac":"aa:bb:cc:dd:ee:ff"},{"mac":"00:11:22:33:44:aa","rssi":null}]'),
          _understood(A, B, rssi=None)),
    _seen("seen-rssi-ends: -127 and 20 are the ends, and need not be whole",
          _with(seen='[{"mac":"aa:bb:cc:dd:ee:ff","rssi":-127},'
                     '{"mac":"aa:bb:cc:dd:ee:ff","rssi":20},'
                     '{"mac":"aa:bb:cc:dd:ee:ff","rssi":-61.5}]'),
          ["9f2c", 17, None, 0, [[A, -127], [A, 20], [A, -61.5]]]),
    _seen("seen-ends: the longest boot and the highest seq",
          _with(boot='"' + "b" * 32 + '"', seq=str(2**53)), ["b" * 32, 2**53, None, 0, []]),
    _seen("seen-odd-times: what no clock says is read; the daemon judges it",
          f"[{_with(ts='0')},{_with(ts='-1e9')},{_with(ts='1e99')}]",
          *(["9f2c", 17, ts, 0, []] for ts in (0, -1e9, 1e99))),
    _seen("bad-mac: a bad address costs only itself",
          _macs('"aa:bb:cc:dd:ee:ff"', '"aa:bb:cc:dd:ee"', '"aa:bb:cc:dd:ee:fg"',
                '"aabb:ccdd:eeff"', '"aa:bb:cc-dd-ee-ff"', '""', "17", "null", "[]"),
          _understood(A),
          faults=["xx:xx:xx:xx:xx", "is no MAC address", "is no MAC address",
                  "is no MAC address", "is no MAC address", "is no text", "is no text",
                  "is no text"]),
    _seen("bad-nobodys: all zeros and all ones are nobody's",
          _macs('"00:00:00:00:00:00"', '"FF-FF-FF-FF-FF-FF"'), NOTHING,
          faults=["no device has", "no device has"]),
    _seen("bad-rssi: out of range, or no number",
          _with(seen="[" + ",".join(f'{{"mac":"aa:bb:cc:dd:ee:ff","rssi":{rssi}}}' for rssi in
                                    ("-128", "21", '"-45"', "true", "1e999")) + "]"),
          NOTHING, faults=["rssi is -128", "rssi is 21", "rssi is '-45'", "rssi is true", "rssi"]),
    _seen("bad-entries: what is no object with an address", _with(seen='[1,"x",{},null]'), NOTHING,
          faults=["seen holds 1", "seen holds 'x'", "seen holds an object", "seen holds null"]),
    _seen("bad-boot: empty, too long, with a space, no text",
          "[" + ",".join(_with(boot=boot) for boot in
                         ('""', '"' + "b" * 33 + '"', '"a b"', "17", '"\\ud800"')) + "]",
          faults=["boot is ''", "boot is", "boot is 'a b'", "boot is 17", "boot is"]),
    _seen("bad-seq: negative, too high, no whole number",
          "[" + ",".join(_with(seq=seq) for seq in
                         ("-1", str(2**53 + 1), "1.0", "true", '"1"', "null", "9" * 400)) + "]",
          faults=["seq is -1", "seq is a number", "seq is 1", "seq is true", "seq is '1'",
                  "seq is null", "seq is a number"]),
    _seen("bad-ts: infinite, text, true",
          "[" + ",".join(_with(ts=ts) for ts in ("1e999", '"now"', "true", "9" * 400)) + "]",
          faults=["ts is", "ts is 'now'", "ts is true", "ts is"]),
    _seen("bad-direction: neither entry nor exit",
          "[" + ",".join(_with(direction=way) for way in ('"in"', '"Entry"', "0", "null")) + "]",
          faults=["direction is 'in'", "direction is 'Entry'", "direction is 0",
                  "direction is null"]),
    _seen("bad-seen: no list, or too long",
          "[" + ",".join(_with(seen=seen) for seen in
                         ("{}", "null", "[" + ",".join(["{}"] * 65) + "]")) + "]",
          faults=["seen is an object", "seen is null", "seen has 65 addresses"]),
    _seen("bad-missing: a key is not there", '{"boot":"9f2c","seq":17,"ts":null,"seen":[]}',
          faults=["direction is missing"]),
    _seen("bad-one-of-many: others of a backlog are read",
          f'[{_with()},[],7,"x",null,{_with(seq="18")}]', NOTHING, ["9f2c", 18, None, 0, []],
          faults=["is a list of 0", "is 7", "is 'x'", "is null"]),
    *({"about": about, "payload": payload, "malformed": words} for about, payload, words in (
        ("hostile-nothing: an empty message", "", "is no JSON"),
        ("hostile-cut: half a message", ONE[:60], "is no JSON"),
        ("hostile-two: two that are not a list", ONE + ONE, "is no JSON"),
        ("hostile-nan: JSON has no NaN", _with(ts="NaN"), "NaN"),
        ("hostile-infinity: and no infinity", _with(ts="-Infinity"), "Infinity"),
        ("hostile-deep: lists in lists in lists", "[" * 3000, "is no JSON"),
        ("hostile-deep-object: objects in objects", '{"a":' * 3000, "is no JSON"),
        ("hostile-digits: a number of 5,000 digits", "[" + "9" * 5000 + "]", "digits"),
        ("hostile-many: a backlog is 10,000 messages at most",
         "[" + ",".join(["0"] * 10_001) + "]", "10001"),
        ("hostile-field-text: what field gates say belongs elsewhere",
         "0 WiFi: BSSID: aa:bb:cc:dd:ee:ff", "is no JSON"),
    )),
    {"about": "hostile-not-utf-8: JSON is UTF-8",
     "payload_hex": "7b22ff", "malformed": "is not UTF-8"},
    {"about": "hostile-bom: and begins with no byte order mark",
     "payload_hex": "efbbbf5b5d", "malformed": "is no JSON"},
]


def _tap(**changed: str) -> str:
    values = {"boot": '"9f2c"', "seq": "18", "ts": "null", "direction": '"exit"',
              "uid": '"04A1B2C3"', "method": '"rfid"'}
    return "{" + ",".join(f'"{key}":{value}' for key, value in {**values, **changed}.items()) + "}"


BADGES: list[Case] = [
    {"about": "badge-rfid: a card", "payload": TAP, "written": True, "faults": [],
     "badge": [["9f2c", 18, None, 1, "04A1B2C3", "rfid"]]},
    {"about": "badge-spellings: separators and case don't matter", "faults": [],
     "payload": f"""[{_tap(uid='"04:a1:b2:c3"')},{_tap(uid='" 04-A1 b2.C3 "')}]""",
     "badge": [["9f2c", 18, None, 1, "04A1B2C3", "rfid"]] * 2},
    {"about": "badge-methods: a finger and a face", "faults": [],
     "payload": f"""[{_tap(method='"fingerprint"', uid='"7"')},{_tap(method='"face"')}]""",
     "badge": [["9f2c", 18, None, 1, "7", "fingerprint"],
               ["9f2c", 18, None, 1, "04A1B2C3", "face"]]},
    {"about": "badge-bad: no number, no method, too long", "badge": [],
     "payload": "[" + ",".join((_tap(uid='""'), _tap(uid='"xyz"'), _tap(uid="7"),
                                _tap(uid='"' + "0" * 65 + '"'), _tap(method='"nfc"'),
                                _tap(method="[]"), _tap(direction='""'))) + "]",
     "faults": ["uid is ''", "uid is 'xyz'", "uid is 7", "uid is", "method is 'nfc'",
                "method is a list", "direction is ''"]},
    {"about": "badge-cut: half a message", "payload": TAP[:-9], "malformed": "is no JSON"},
]


def _field(about: str, payload: str, direction: int, *seen: Any) -> Case:
    return {"about": about, "payload": payload, "text": [direction, [*seen]]}


TEXTS: list[Case] = [
    {**_field("text-entry: two phones", "0 WiFi: BSSID: aa:bb:cc:dd:ee:ff, Signal: -45 dBm; "
              "BSSID: 00:11:22:33:44:aa, Signal: -60 dBm", 0, [A, -45], [B, -60]),
     "written": True},
    {**_field("text-exit: one phone", "1 WiFi: BSSID: aa:bb:cc:dd:ee:ff, Signal: -45 dBm", 1,
              [A, -45]), "written": True},
    _field("text-nobody: no access point in reach", "0 WiFi: ", 0),
    _field("text-no-signal: strengths may be missing, or be none",
           "0 WiFi: BSSID: aa:bb:cc:dd:ee:ff; BSSID: 00:11:22:33:44:aa, Signal: -999 dBm", 0,
           [A, None], [B, None]),
    _field("text-loose: case, spaces and what stands behind",
           " 1  wifi : bssid:AA-BB-CC-DD-EE-FF,signal: -45dbm ;bssid : 00:11:22:33:44:AA , "
           "SIGNAL : -60 (SSID: Anna) \n", 1, [A, -45], [B, -60]),
    _field("text-glued: no space at all",
           "1WiFi:BSSID:aa:bb:cc:dd:ee:ff,Signal:-45dBm;BSSID:00:11:22:33:44:aa;", 1,
           [A, -45], [B, None]),
    _field("text-cut: an address that was cut off is passed over",
           "0 WiFi: BSSID: aa:bb:cc:dd:ee:ff, Signal: -45 dBm; BSSID: 00:11:22:33:4", 0, [A, -45]),
    _field("text-bad: too long, not hex, nobody's",
           "0 WiFi: BSSID: aa:bb:cc:dd:ee:ff:00, Signal: -45 dBm; BSSID: aa:bb:cc:dd:ee:fg; "
           "BSSID: 00:00:00:00:00:00, Signal: -45 dBm; BSSID: 00:11:22:33:44:aa, Signal: -1 dBm",
           0, [B, -1]),
    *({"about": about, "payload": payload, "malformed": words} for about, payload, words in (
        ("text-nothing: an empty message", "", "does not begin"),
        ("text-other-digit: 0 and 1 are the only directions",
         "2 WiFi: BSSID: aa:bb:cc:dd:ee:ff", "does not begin"),
        ("text-two-digits: one digit alone", "01 WiFi: BSSID: aa:bb:cc:dd:ee:ff", "does not begin"),
        ("text-json: what new firmware says belongs elsewhere", ONE, "does not begin"),
        ("text-long: 8,192 bytes at most",
         "0 WiFi: " + "BSSID: aa:bb:cc:dd:ee:ff; " * 400, "allowed are 8192"),
        ("text-many: 64 addresses at most",
         "0 WiFi: " + "BSSID: aa:bb:cc:dd:ee:ff; " * 65, "65 addresses"),
    )),
    {"about": "text-bytes: what is no ASCII is passed over", "text": [0, [[A, -45]]],
     "payload_hex": ("0 WiFi: \xff\x00 BSSID: aa:bb:cc:dd:ee:ff, Signal: -45 dBm \xfe"
                     .encode("latin-1").hex())},
]

REPLAYS: list[Case] = [
    {"about": "replay-five: five messages", "payload": '{"boot":"9f2c","from":12,"to":16}',
     "replay": ["9f2c", 12, 16], "written": True},
    {"about": "replay-one: one message", "payload": '{"boot":"9f2c","from":3,"to":3}',
     "replay": ["9f2c", 3, 3], "written": True},
    {"about": "replay-backwards: the end lies before the beginning",
     "payload": '{"boot":"9f2c","from":4,"to":3}',
     "malformed": "is no span"},
    {"about": "replay-missing: a key is not there",
     "payload": '{"boot":"9f2c","from":4}', "malformed": "from and to"},
]
