"""A publisher that costs next to nothing: packets made beforehand, one socket, no library.

    python -m tests.mqtt.loader PORT MESSAGES [RATE]

publishes that many messages of about 330 bytes with QoS 1 and ends when all are acknowledged.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from typing import Iterable, Sequence

CHUNK = 64  # packets in one send
AHEAD = 5000  # messages sent and not yet acknowledged


def seen_payload(seq: int, boot: str = "9f2c", direction: str = "entry") -> bytes:
    """A sighting of five access points, about 330 bytes, as gates write it."""
    seen = [
        {"mac": f"0a:1b:2c:{number:02x}:{seq >> 8 & 255:02x}:{seq & 255:02x}", "rssi": -45 - number}
        for number in range(5)
    ]
    ts = round(1_732_150_000 + seq * 0.05, 2)
    return json.dumps(
        {"boot": boot, "seq": seq, "ts": ts, "direction": direction, "seen": seen},
        separators=(",", ":"),
    ).encode()


def text(value: str) -> bytes:
    """A string of MQTT: its length in two bytes, then UTF-8."""
    encoded = value.encode()
    return struct.pack(">H", len(encoded)) + encoded


def packet(first: int, body: bytes) -> bytes:
    """A packet: first byte, length of the body, body."""
    length, rest = b"", len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length += bytes([digit | (128 if rest else 0)])
        if not rest:
            return bytes([first]) + length + body


def connect_packet(
    client_id: str, username: str | None = None, password: str | None = None, clean: bool = True,
) -> bytes:
    """CONNECT of MQTT 3.1.1 without keepalive, as field gates send it."""
    flags = (2 if clean else 0) | (0x80 if username else 0) | (0x40 if password else 0)
    body = text("MQTT") + bytes([4, flags, 0, 0]) + text(client_id)
    for each in (username, password):
        body += text(each) if each else b""
    return packet(0x10, body)


def publish_packet(topic: str, payload: bytes, mid: int = 0, retain: bool = False) -> bytes:
    """PUBLISH, QoS 1 with a message number, QoS 0 without."""
    first = 0x30 | (2 if mid else 0) | retain
    number = struct.pack(">H", mid) if mid else b""
    return packet(first, text(topic) + number + payload)


def chunks(topics: Sequence[str], count: int) -> list[bytes]:
    """``count`` messages over the topics in turn, CHUNK packets joined in one."""
    made, seqs = [], dict.fromkeys(topics, 0)
    for number in range(count):
        topic = topics[number % len(topics)]
        seqs[topic] += 1
        made.append(publish_packet(topic, seen_payload(seqs[topic]), number % 65535 + 1))
    return [b"".join(made[i:i + CHUNK]) for i in range(0, count, CHUNK)]


class Loader:
    """One connection that publishes prepared chunks and counts acknowledgements."""

    def __init__(
        self, port: int, client_id: str = "loader", username: str | None = None,
        password: str | None = None, host: str = "127.0.0.1",
    ) -> None:
        self.socket = socket.create_connection((host, port), timeout=30)
        self.socket.sendall(connect_packet(client_id, username, password))
        answer = self.socket.recv(4)
        if answer[3:] != b"\0":
            raise ConnectionRefusedError(f"CONNACK {answer.hex()}")
        self.sent = self.acknowledged = 0
        self._bytes = 0

    def run(self, prepared: Iterable[bytes], rate: float | None = None) -> float:
        """Publish all, at ``rate`` messages a second at most; seconds until acknowledged."""
        begin = time.monotonic()
        for chunk in prepared:
            if rate is not None:
                time.sleep(max(0.0, begin + self.sent / rate - time.monotonic()))
            self.socket.sendall(chunk)
            self.sent += CHUNK
            while self.sent - self.acknowledged > AHEAD:
                self._read()
        return begin

    def drain(self, count: int) -> None:
        """Wait until ``count`` in all are acknowledged."""
        while self.acknowledged < count:
            self._read()

    def close(self) -> None:
        """Leave."""
        self.socket.close()

    def _read(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError("the broker closed the connection")
        self._bytes += len(data)
        self.acknowledged = self._bytes // 4


def main() -> None:
    """Publish as the command line says; print messages a second."""
    port, count = int(sys.argv[1]), int(sys.argv[2])
    rate = float(sys.argv[3]) if len(sys.argv) > 3 else None
    prepared = chunks([f"iotd/gate/gate-{n}/seen" for n in range(10)], count)
    loader = Loader(port)
    begin = loader.run(prepared, rate)
    loader.drain(count)
    print(f"{count / (time.monotonic() - begin):.0f}")


if __name__ == "__main__":
    main()
