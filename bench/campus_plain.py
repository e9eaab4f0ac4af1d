"""The plain ways to hear gates, by paho alone.

``python -m bench.campus_plain PORT COUNT [SOCKET]`` hears ``COUNT`` messages: without a socket
of MariaDB it only acknowledges them, with one it commits an INSERT for each in ``on_message``.
Prints ``ready``, then seconds from the first to the last, CPU, waiting for it, and rows.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pymysql

DATABASE = "plain"
TABLE = "CREATE TABLE seen (gate VARCHAR(32), boot VARCHAR(32), seq BIGINT, ts DOUBLE, body TEXT)"
INSERT = "INSERT INTO seen VALUES (%s, %s, %s, %s, %s)"


class Plain:
    """Ends its client after ``count`` messages."""

    def __init__(self, count: int, connection: Any) -> None:
        self._left, self._connection = count, connection
        self.begun = self.ended = self._cpu = self._waited = 0.0
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, "plain", clean_session=False,
            protocol=paho.MQTTv311,
        )
        self.client.on_message = self._message
        self.client.on_connect = lambda client, *_: client.subscribe("iotd/gate/+/seen", 1)
        self.client.on_subscribe = lambda *_: print("ready", flush=True)

    def _message(self, _: Any, __: Any, message: Any) -> None:
        if not self.begun:
            self.begun, self._cpu, self._waited = time.monotonic(), time.process_time(), _waited()
        if self._connection is not None:
            self._insert(message)
        self._left -= 1
        if not self._left:
            self.ended = time.monotonic()
            self._cpu = time.process_time() - self._cpu
            self._waited = _waited() - self._waited
            self.client.disconnect()

    def _insert(self, message: Any) -> None:
        told = json.loads(message.payload)
        with self._connection.cursor() as cursor:
            cursor.execute(INSERT, (message.topic.split("/")[2], told["boot"], told["seq"],
                                    told["ts"], message.payload.decode()))
        self._connection.commit()

    def figures(self) -> dict[str, float]:
        """What it took."""
        rows = 0
        if self._connection is not None:
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT COUNT(*) FROM seen")
                rows = cursor.fetchone()[0]
        return {"seconds": self.ended - self.begun, "cpu": self._cpu, "rows": rows,
                "waited": self._waited}


def _waited() -> float:
    """Seconds in which the one thread was ready, and others had the core."""
    return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9


def _database(socket: str) -> Any:
    connection = pymysql.connect(unix_socket=socket, user="root")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
        cursor.execute(f"USE {DATABASE}")
        cursor.execute(TABLE)
    return connection


def main(port: str, count: str, socket: str | None = None) -> None:
    """Hear them all."""
    plain = Plain(int(count), _database(socket) if socket else None)
    plain.client.connect("127.0.0.1", int(port))
    plain.client.loop_forever()
    print(json.dumps(plain.figures()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
