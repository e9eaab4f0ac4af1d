"""Text of people made fit for lines: no control characters, and where a line may break."""

from __future__ import annotations

import re
import unicodedata
from typing import Iterator

#: Marks of direction: they turn what stands beside them and are not shown.
MARKS = "\u200e\u200f\u061c"
LEFT_TO_RIGHT = MARKS[0]
_KEPT = frozenset("\u200c\u200d" + MARKS)  # and joiners, which scripts need
_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_AFTER = frozenset("-–—‐…")  # between letters of a long word

# scripts written without spaces, and those broken after each sign
_DENSE = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u3130-\u33ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]"
)
_NOT_FIRST = frozenset("、。，．：；？！）」』】〉》〕ー々ๆฯ၊။។៕,.:;?!)]}”’%")
_NOT_LAST = frozenset(
    "（「『【〈《〔([{“‘" "\u0e40\u0e41\u0e42\u0e43\u0e44" "\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4"
)
# vowels of Thai and Lao that are letters by their category
_VOWELS = frozenset("\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3")


def lines_of(text: str) -> list[str]:
    """The lines of a text, each fit to be shown."""
    return [clean(line) for line in _BREAKS.split(text)]


def clean(text: str) -> str:
    """One line without what can't be seen; half surrogates are shown as such."""
    if text.isprintable():
        return text
    return "".join(_clean(letter) for letter in text)


def _clean(letter: str) -> str:
    if letter in _KEPT or letter.isprintable():
        return letter
    kind = unicodedata.category(letter)
    if kind == "Zs" or letter in "\t\n":
        return " "
    if kind == "Cs" or ord(letter) & 0xFFFE == 0xFFFE:  # half of one, or never one
        return "\ufffd"
    return "" if kind in ("Cc", "Cf") else letter


def is_joined(letter: str) -> bool:
    """Whether it belongs to the letter before it."""
    return (
        letter in "\u200c\u200d" or letter in _VOWELS or unicodedata.category(letter)[0] == "M"
        or 0x1F3FB <= ord(letter) <= 0x1F3FF  # the colour of an emoji
    )


def clusters(text: str) -> Iterator[str]:
    """What stands together whatever happens: a letter with its marks and joiners."""
    begin = 0
    for place in range(1, len(text)):
        if not is_joined(text[place]) and text[place - 1] != "\u200d":
            yield text[begin:place]
            begin = place
    if text:
        yield text[begin:]


def breaks(text: str) -> list[bool]:
    """Whether a line may begin at each letter."""
    found = [False] * len(text)
    for place in range(1, len(text)):
        before, letter = text[place - 1], text[place]
        if letter == " ":
            continue
        if before == " ":
            found[place] = True
        elif not is_joined(letter) and letter not in _NOT_FIRST and before not in _NOT_LAST:
            dense = _DENSE.match(before) or _DENSE.match(letter)
            found[place] = bool(dense) or (before in _AFTER and letter.isalpha())
    return found
