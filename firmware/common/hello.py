"""The keyed hello: who this board is, and the proof that it holds its key.

    board: key~<id>        daemon: nonce~<32 hex>
    board: mac~<64 hex>    daemon: nothing more, or denied
"""

import hashlib
from binascii import hexlify

from common.errors import LinkLost

#: A nonce is good for 10 s, so no answer comes later than that.
HELLO_MS = 10000

_BLOCK_BYTES = 64


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104), 32 bytes; MicroPython's hashlib has no hmac."""
    if len(key) > _BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    key = key + bytes(_BLOCK_BYTES - len(key))
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key))
    inner.update(message)
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))
    outer.update(inner.digest())
    return outer.digest()


def device_mac(key: bytes, wire: str, id: str, nonce: str) -> str:
    """The proof as 64 hex digits; ``wire`` is "cam" or "dev", the key has 32 bytes."""
    message = "iotd1|{}|{}|{}".format(wire, id, nonce)
    return hexlify(hmac_sha256(key, message.encode())).decode()


def nonce_of(line: str) -> str:
    """The 32 hex digits of the daemon's challenge; LinkLost for any other line."""
    nonce = line[6:]
    if not line.startswith("nonce~") or len(nonce) != 32 or not _is_hex(nonce):
        raise LinkLost("no nonce but {}".format(repr(line)))
    return nonce


def say_hello(connection, wire: str, id: str, key: bytes) -> None:
    """Introduce this board on a fresh connection; what comes next is the daemon's."""
    connection.send("key~{}\n".format(id).encode())
    line = connection.line(HELLO_MS)
    if line is None:
        raise LinkLost("no answer to our hello within {} s".format(HELLO_MS // 1000))
    mac = device_mac(key, wire, id, nonce_of(line))
    connection.send("mac~{}\n".format(mac).encode())


def _is_hex(text: str) -> bool:
    for letter in text:
        if letter not in "0123456789abcdef":
            return False
    return True
