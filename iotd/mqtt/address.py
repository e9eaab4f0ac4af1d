"""Where a broker is: ``mqtt://user:password@host:1883``."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from iotd.errors import Invalid

PORTS = {"mqtt": 1883, "mqtts": 8883}


class Address(NamedTuple):
    """A broker; ``str`` of it is host and port, never the password."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def __repr__(self) -> str:
        return f"<broker at {self}>"


def parse(text: str) -> Address:
    """The address in ``mqtt://…`` or ``mqtts://…``; Invalid for anything else."""
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise Invalid("mqtt.broker is no address of a broker", "mqtt.broker")
    return Address(
        parts.hostname, port or PORTS[parts.scheme],
        unquote(parts.username) if parts.username else None,
        None if parts.password is None else unquote(parts.password),
        parts.scheme == "mqtts",
    )
