"""The keyed hello of both wires: who a device says it is, and its proof.

    device: key~<id>         daemon: nonce~<32 hex>
    device: mac~<64 hex>     daemon: (accepted), or denied
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Literal

from iotd.wire.errors import LocalProtocolError, RemoteProtocolError, quote

KEY = b"key~"
NONCE = b"nonce~"
MAC = b"mac~"
DENIED = b"denied\n"
ID_RULE = "3 to 32 of a-z, 0-9 and -"

GATE_ID_RULE = "1 to 32 letters, digits and . _ -, not dots alone"

_ID = re.compile(r"[a-z0-9-]{3,32}")
_GATE_ID = re.compile(r"(?!\.+\Z)[A-Za-z0-9._-]{1,32}")
_NONCE = re.compile(r"[0-9a-f]{32}")
# Either case is a well-formed proof, so that a board which writes A-F is told
# `denied` like any other wrong mac and not cut off without a word.
_MAC = re.compile(rb"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class HelloReceived:
    """Someone says to be this device; proves nothing yet."""

    id: str


@dataclass(frozen=True)
class ProofReceived:
    """64 hex digits, as sent; compare them with device_mac in constant time."""

    mac: str


def is_device_id(text: str) -> bool:
    """Whether ``text`` can be an id: [a-z0-9-]{3,32}."""
    return _ID.fullmatch(text) is not None


def is_gate_id(text: str) -> bool:
    """Whether ``text`` can be a gate's id: gates say none, others make their topics."""
    return _GATE_ID.fullmatch(text) is not None


def encode_hello(id: str) -> bytes:
    """The device's first line; LocalProtocolError for what is no id."""
    if not is_device_id(id):
        raise LocalProtocolError(f"bad id {quote(id)}, allowed are {ID_RULE}")
    return b"key~%b\n" % id.encode("ascii")


def encode_nonce(nonce: str) -> bytes:
    """The daemon's challenge; the nonce is 32 lower-case hex digits, used once."""
    if not _NONCE.fullmatch(nonce):
        raise LocalProtocolError(f"bad nonce {quote(nonce)}, allowed are 32 hex digits")
    return b"nonce~%b\n" % nonce.encode("ascii")


def encode_mac(mac: str) -> bytes:
    """The device's proof; the mac is what device_mac gives."""
    if not mac.isascii() or not _MAC.fullmatch(mac.encode("ascii")):
        raise LocalProtocolError(f"bad mac {quote(mac)}, allowed are 64 hex digits")
    return b"mac~%b\n" % mac.encode("ascii")


def device_mac(key: bytes, wire: Literal["dev", "cam", "ota"], id: str, nonce: str) -> str:
    """HMAC-SHA256 over wire, id and nonce under the 32 bytes of the key, in hex."""
    return hmac.new(key, f"iotd1|{wire}|{id}|{nonce}".encode(), "sha256").hexdigest()


def parse_hello(line: bytes) -> HelloReceived:
    """The id in a line that began with key~; RemoteProtocolError for a bad one."""
    text = line[len(KEY):].decode("ascii", "backslashreplace")
    if not is_device_id(text):
        raise RemoteProtocolError(f"bad id {quote(text)} after key~, allowed are {ID_RULE}")
    return HelloReceived(text)


def parse_mac(line: bytes) -> ProofReceived:
    """The proof; anything else while one is due is a RemoteProtocolError."""
    if not line.startswith(MAC) or not _MAC.fullmatch(line, len(MAC)):
        raise RemoteProtocolError(
            f"{quote(line)} where only mac~ and 64 hex digits are allowed"
        )
    return ProofReceived(line[len(MAC):].decode("ascii"))


def parse_nonce(line: bytes) -> str:
    """The nonce in the daemon's challenge, for the device's side."""
    text = line[len(NONCE):].decode("ascii", "backslashreplace")
    if not line.startswith(NONCE) or not _NONCE.fullmatch(text):
        raise RemoteProtocolError(f"{quote(line)} where nonce~ and 32 hex digits are due")
    return text
