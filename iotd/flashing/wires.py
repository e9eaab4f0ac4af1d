"""Where a board finds this daemon: the port of its wire, and the machine's own addresses."""

from __future__ import annotations

import re
import socket
from dataclasses import asdict, dataclass
from typing import Any, Sequence
from urllib.parse import urlsplit

from iotd.config_sections import Config

#: Kinds of firmware; which listener each one connects to.
WIRES = {
    "camera": "cameras", "cabinet": "devices", "cabinet_camera": "devices", "watch": "devices",
    "gate": "mqtt",
}
#: Of RFC 5737: nobody is there, and asking for the way to it sends nothing.
_NOBODY = ("192.0.2.1", 9)
_PORT = re.compile(r"(?:\A|:)(?:port=)?(\d{1,5})(?=:|\Z)")


@dataclass(frozen=True)
class Wire:
    """A listener: its TCP port (None: it has none that is known before it listens), whether
    it is encrypted, and the host when that is another machine's."""

    port: int | None
    tls: bool = False
    host: str | None = None


def wire_of(kind: str, config: Config, tls: bool | None = None) -> Wire:
    """The listener for this kind of board; ``tls`` None takes an encrypted one if there is."""
    if WIRES[kind] == "mqtt":
        return _broker(config)
    listen = config.cameras.listen if WIRES[kind] == "cameras" else config.devices.listen
    return _best([listener(text) for text in listen], tls)


def listener(endpoint: str) -> Wire:
    """What an endpoint string such as ``tcp:5001`` or ``ssl:5002`` listens on."""
    found = _PORT.search(endpoint)
    encrypted = "ssl" in endpoint.split(":")[:2]
    return Wire(int(found[1]) or None if found else None, encrypted)


def doors(what: str, endpoints: Sequence[str]) -> list[dict[str, Any]]:
    """What boards of a kind must reach: ``{"what","port","tls"}`` for each endpoint string
    that has a port."""
    found = [listener(text) for text in endpoints]
    return [{"what": what, "port": wire.port, "tls": wire.tls} for wire in found if wire.port]


def wires_json(config: Config) -> dict[str, dict[str, Any]]:
    """For each kind of board."""
    return {kind: asdict(wire_of(kind, config)) for kind in WIRES}


def own_addresses() -> list[str]:
    """This machine's addresses that others may reach, the likeliest first; asks nobody."""
    found = [_way_out(), *_named()]
    return [each for each in dict.fromkeys(found) if each and not each.startswith("127.")]


def _best(wires: Sequence[Wire], tls: bool | None) -> Wire:
    fit = [wire for wire in wires if wire.port and tls in (None, wire.tls)]
    return max(fit, key=lambda wire: wire.tls, default=Wire(None, bool(tls)))


def _broker(config: Config) -> Wire:
    if config.mqtt.broker == "embedded":
        return listener(config.mqtt.listen)
    parts = urlsplit(str(config.mqtt.broker))
    if parts.scheme == "mqtts":  # its authority is none that boards know: its plain port, if any
        return Wire(None, False, parts.hostname)
    return Wire(parts.port or 1883, False, parts.hostname)


def _way_out() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(_NOBODY)
            return str(sock.getsockname()[0])
        except OSError:
            return ""  # no network


def _named() -> list[str]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    except OSError:
        return []
    return [str(each[4][0]) for each in found]
