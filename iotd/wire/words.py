"""What devices can be told, measure and ask, by the texts of the device wire."""

from __future__ import annotations

from typing import Final

from iotd.wire.errors import LocalProtocolError, quote

#: Kind of device -> the words it understands. A kind that is not here knows none.
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "cabinet": ("lof", "lon"),
    "cabinet_camera": ("img",),
    "watch": ("bpm",),
    "other": ("img", "lof", "lon", "bpm"),
}

#: Unit on the wire -> the same in UCUM.
UNITS: Final[dict[str, str]] = {
    "bpm": "/min", "temp": "Cel", "spo2": "%", "sys": "mm[Hg]", "dia": "mm[Hg]",
}

REPORT: Final = "rep"
REPORT_PREFIX: Final = "hrx"

#: What a device may ask for -> the beginning of the answer, in the order of the advice keys.
ADVICE_PREFIX: Final[dict[str, str]] = {
    "a": "crd", "b": "glc", "c": "dit", "d": "exr", "e": "mtl", "f": "rsp", "g": "dig",
    "h": "bne", "i": "imm",
}
REQUESTS: Final[tuple[str, ...]] = (REPORT, *ADVICE_PREFIX)

#: Advice is a few sentences; field boards read 1024 bytes at a time.
MAX_ANSWER_BYTES = 4096

_PREFIXES = (REPORT_PREFIX, *ADVICE_PREFIX.values())


def check_word(text: str, kind: str) -> str:
    """``text`` when that kind understands it; LocalProtocolError names what is allowed."""
    allowed = WORDS.get(kind, ())
    if text not in allowed:
        names = ", ".join(allowed) or "none"
        raise LocalProtocolError(f"no word {quote(text)} for a {kind}, allowed are: {names}")
    return text


def check_answer(text: str) -> str:
    """The answer as one line; LocalProtocolError when its prefix or size is not allowed."""
    line = "".join(c if c.isprintable() else " " for c in text).strip()
    if not line.startswith(_PREFIXES):
        raise LocalProtocolError(
            f"an answer {quote(text)} must begin with one of {', '.join(_PREFIXES)}"
        )
    size = len(line.encode("utf-8", "replace"))
    if size > MAX_ANSWER_BYTES:
        raise LocalProtocolError(
            f"an answer of {size} bytes: allowed are {MAX_ANSWER_BYTES}"
        )
    return line
