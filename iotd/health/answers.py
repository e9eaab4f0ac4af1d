"""What a board on the device wire is told when it asks: the newest report, and advice.

Boards show a few lines and read up to 1024 bytes at a time: an answer is one line of at most
:data:`MOST_BYTES`, with ``...`` where advice goes on.
"""

from __future__ import annotations

import math
from typing import Any, Awaitable, Mapping, Protocol, Sequence

from iotd.errors import NotFound
from iotd.wire.words import ADVICE_PREFIX, REPORT, REPORT_PREFIX

LAB_KEYS = (
    "total_cholesterol", "triglyceride", "hdl_c", "ldl", "chol_hdl", "bilirubin", "alt", "ast",
    "alp", "glucose", "protein", "albumin", "creatinine", "potassium", "egfr", "hba1c",
)
ADVICE_KEYS = (
    "cardiovascular", "glucose", "diet", "exercise", "mental", "respiratory", "digestive",
    "bone", "immunizations",
)

MOST_BYTES = 1000  # the prefix included; what a board reads at once, less a newline and a rest
GOES_ON = " ..."

NO_VALUES = (None,) * len(LAB_KEYS)

_KEY_OF = dict(zip(ADVICE_PREFIX, ADVICE_KEYS))


class Devices(Protocol):
    """Who wears what."""

    def device(self, id: str, /) -> Any:
        """A device with its ``patient``, or NotFound."""


class Advice(Protocol):
    """What is advised."""

    def published(self, patient: str, /) -> Awaitable[Mapping[str, str]]:
        """The texts that hold, by section."""


class Labs(Protocol):
    """Results of laboratories."""

    def newest(self, patient: str, /) -> Awaitable[Sequence[float | None]]:
        """The values of the newest report, in the order of the lab keys."""


class Answers:
    """``await answers(device, what)``: the text for ``rep``, or for a letter from a to i.

    A device that is nobody's is told that all is missing, as is one whose patient has nothing.
    """

    def __init__(self, registry: Devices, advice: Advice, labs: Labs) -> None:
        self._registry, self._advice, self._labs = registry, advice, labs

    async def __call__(self, device: str, what: str) -> str:
        """The whole answer, prefix included."""
        patient = self._patient_of(device)
        if what == REPORT:
            return report_line(await self._labs.newest(patient) if patient else NO_VALUES)
        texts = await self._advice.published(patient) if patient else {}
        return advice_line(what, texts.get(_KEY_OF[what], ""))

    def _patient_of(self, device: str) -> str | None:
        try:
            patient: str | None = self._registry.device(device).patient
        except NotFound:  # forgotten while it asked
            return None
        return patient


def report_line(values: Sequence[float | None]) -> str:
    """``hrx`` and the values joined by commas."""
    return REPORT_PREFIX + ",".join(map(short, values))


def advice_line(what: str, text: str) -> str:
    """The prefix of a letter and the text as one line, cut between words where it is too long."""
    words = "".join(letter if letter.isprintable() else " " for letter in text)
    return _cut(ADVICE_PREFIX[what] + " ".join(words.split()))


def short(value: float | None) -> str:
    """A value in at most two decimals, three below 1; nothing for none."""
    if value is None or not math.isfinite(value):
        return ""
    text = f"{value:.{3 if abs(value) < 1 else 2}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _cut(line: str) -> str:
    data = line.encode()
    if len(data) <= MOST_BYTES:
        return line
    room = data[:MOST_BYTES - len(GOES_ON)].decode(errors="ignore")
    whole, _, _ = room.rpartition(" ")
    # without spaces, as in Chinese, between letters
    return (whole if len(whole) > len(room) // 2 else room).rstrip() + GOES_ON
