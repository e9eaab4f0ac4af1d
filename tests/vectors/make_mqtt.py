"""Writes mqtt.json: ``python -m tests.vectors.make_mqtt``.

The bytes are put together by hand from the standard (MQTT 3.1.1, chapters 2 and 3)
and never asked of the codec.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("mqtt.json")

FORMAT = {
    "what": "MQTT 3.1.1 packets byte by byte, for tests of the daemon, simulators and firmware.",
    "packets": "name, hex, packet: its class and arguments; payloads are hex, a will is a list",
    "faults": "name, hex, error: words that the error contains",
}
STATUS = b"\x00\x17iotd/gate/gate-a/status"
FIELD = b"0 WiFi: BSSID: aa:bb:cc:dd:ee:ff, Signal: -45 dBm"

PACKETS: list[tuple[str, bytes, list[Any]]] = [
    ("connect-field", b"\x10\x14\0\4MQTT\4\2\0\0\0\x08m5stack1",
     ["Connect", "m5stack1", True, 0, None, None, None]),
    ("connect-persistent", b"\x10\x10\0\4MQTT\4\0\0\x3c\0\4iotd",
     ["Connect", "iotd", False, 60, None, None, None]),
    ("connect-user", b"\x10\x13\0\4MQTT\4\x82\0\x3c\0\1c\0\4user",
     ["Connect", "c", True, 60, "user", None, None]),
    ("connect-gate",
     b"\x10\x46\0\4MQTT\4\xee\0\x1e\0\6gate-a" + STATUS + b"\0\7offline\0\6gate-a\0\x080f0f0f0f",
     ["Connect", "gate-a", True, 30, "gate-a", b"0f0f0f0f".hex(),
      ["iotd/gate/gate-a/status", b"offline".hex(), 1, True]]),
    ("connack", b"\x20\2\0\0", ["ConnAck", False, 0]),
    ("connack-session", b"\x20\2\1\0", ["ConnAck", True, 0]),
    ("connack-bad-password", b"\x20\2\0\4", ["ConnAck", False, 4]),
    ("connack-not-authorised", b"\x20\2\0\5", ["ConnAck", False, 5]),
    ("publish-field", b"\x30\x39\0\6sample" + FIELD,
     ["Publish", "sample", FIELD.hex(), 0, False, False, None]),
    ("publish-qos-1", b"\x32\x09\0\3a/b\0\7xx", ["Publish", "a/b", "7878", 1, False, False, 7]),
    ("publish-again-retained", b"\x3b\x09\0\3a/b\0\7xx",
     ["Publish", "a/b", "7878", 1, True, True, 7]),
    ("publish-empty", b"\x31\5\0\3a\xc3\xa9", ["Publish", "a\xe9", "", 0, True, False, None]),
    ("publish-127", b"\x30\x7f\0\1t" + bytes(124),
     ["Publish", "t", "00" * 124, 0, False, False, None]),
    ("publish-128", b"\x30\x80\1\0\1t" + bytes(125),
     ["Publish", "t", "00" * 125, 0, False, False, None]),
    ("publish-16384", b"\x30\x80\x80\1\0\1t" + bytes(16381),
     ["Publish", "t", "00" * 16381, 0, False, False, None]),
    ("puback", b"\x40\2\xff\xff", ["PubAck", 65535]),
    ("subscribe", b"\x82\x0a\0\2\0\5+/a/#\1", ["Subscribe", 2, [["+/a/#", 1]]]),
    ("subscribe-two", b"\x82\x0a\0\3\0\1a\0\0\1b\2", ["Subscribe", 3, [["a", 0], ["b", 2]]]),
    ("suback", b"\x90\4\0\2\1\x80", ["SubAck", 2, [1, 128]]),
    ("unsubscribe", b"\xa2\7\0\3\0\3a/b", ["Unsubscribe", 3, ["a/b"]]),
    ("unsuback", b"\xb0\2\0\3", ["UnsubAck", 3]),
    ("pingreq", b"\xc0\0", ["PingReq"]),
    ("pingresp", b"\xd0\0", ["PingResp"]),
    ("disconnect", b"\xe0\0", ["Disconnect"]),
]

FAULTS: list[tuple[str, bytes, str]] = [
    ("length-of-five-bytes", b"\x30\xff\xff\xff\xff\1", "more than 4 bytes"),
    ("length-over-limit", b"\x30\xff\xff\xff\x7f", "268435455 bytes: allowed are"),
    ("type-0", b"\0\0", "begins 0x00"),
    ("type-15", b"\xf0\0", "begins 0xf0"),
    ("qos-2", b"\x34\6\0\1t\0\1x", "QoS 2"),
    ("qos-3", b"\x36\6\0\1t\0\1x", "QoS 3"),
    ("dup-at-qos-0", b"\x38\3\0\1t", "repetition"),
    ("publish-without-topic", b"\x30\2\0\0", "no topic"),
    ("publish-to-a-filter", b"\x30\5\0\3a/#", "no topic"),
    ("publish-topic-cut", b"\x30\4\0\5ab", "PUBLISH is cut"),
    ("publish-id-cut", b"\x32\4\0\1t\0", "PUBLISH is cut"),
    ("publish-id-0", b"\x32\5\0\1t\0\0", "packet id 0"),
    ("publish-not-utf-8", b"\x30\4\0\2\xc3\x28", "not UTF-8"),
    ("publish-zero-character", b"\x30\5\0\3a\0b", "zero character"),
    ("puback-cut", b"\x40\1\1", "PUBACK is cut"),
    ("puback-long", b"\x40\3\0\1\0", "1 bytes too many"),
    ("puback-flags", b"\x42\2\0\1", "begins 0x42"),
    ("connack-flags", b"\x20\2\2\0", "flags 0x02"),
    ("subscribe-flags", b"\x80\6\0\1\0\1a\0", "begins 0x80"),
    ("subscribe-nothing", b"\x82\2\0\1", "without a filter"),
    ("subscribe-qos-3", b"\x82\6\0\1\0\1a\3", "QoS over 2"),
    ("unsubscribe-nothing", b"\xa2\2\0\1", "without a filter"),
    ("connect-mqisdp", b"\x10\x0f\0\6MQIsdp\3\2\0\0\0\1c", "another protocol"),
    ("connect-version-5", b"\x10\x0d\0\4MQTT\5\2\0\0\0\1c", "another protocol"),
    ("connect-reserved-flag", b"\x10\x0d\0\4MQTT\4\3\0\0\0\1c", "flags 0x03"),
    ("connect-password-alone", b"\x10\x10\0\4MQTT\4\x42\0\0\0\1c\0\1p", "flags 0x42"),
    ("connect-will-qos-alone", b"\x10\x0d\0\4MQTT\4\x0a\0\0\0\1c", "flags 0x0a"),
    ("ping-with-more", b"\xd0\1\0", "1 bytes too many"),
]


def main() -> None:
    """Write the file."""
    told = {
        "format": FORMAT,
        "packets": [{"name": name, "hex": data.hex(), "packet": packet}
                    for name, data, packet in PACKETS],
        "faults": [{"name": name, "hex": data.hex(), "error": error}
                   for name, data, error in FAULTS],
    }
    PATH.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
