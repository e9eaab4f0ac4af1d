"""How a fault in the configuration is told: all of them at once, no secret in any."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any, Iterable, Sequence

from iotd.errors import Invalid

READ_LIMIT = 120  # characters of a wrong value that a message quotes

_URL = re.compile(r"^([A-Za-z0-9+.-]*)://(.*)$", re.DOTALL)
_USER = re.compile(r"[^:/@]*")
_PORT = re.compile(r":\d{1,5}(?:[/?]|$)")
_QUERY = re.compile(r"([?&](?:password|passwd|pass|secret|token)=)[^&]*", re.IGNORECASE)


@dataclass(frozen=True)
class Fault:
    """One thing wrong: ``where`` (file or variable), ``key`` (dotted), ``problem``
    (a clause about it), ``allowed``, ``nearest``, ``line`` (None: not told)."""

    where: str
    key: str
    problem: str
    allowed: str | None = None
    nearest: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.where} line {self.line}" if self.line else self.where
        parts = [f"{where}: {self.key} {self.problem}"]
        if self.allowed:
            parts.append(f"allowed is {self.allowed}")
        if self.nearest:
            parts.append(f"nearest is {self.nearest}")
        return "; ".join(parts)


class ConfigFaults(Invalid):
    """The configuration can't be used; ``faults`` has every reason, ``str()`` one a line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)), field=faults[0].key)
        self.faults = tuple(faults)


def masked(text: str) -> str:
    """``text`` with whatever may be a password of a URL replaced by ``***``."""
    url = _URL.match(text)
    if not url:
        # a URL that lost its slashes: the password may be anywhere before the @
        return "***@" + text.rpartition("@")[2] if "@" in text else text
    scheme, rest = url.groups()
    return _QUERY.sub(r"\1***", f"{scheme}://{_masked_login(scheme, rest)}")


def _masked_login(scheme: str, rest: str) -> str:
    login, at, after = rest.rpartition("@")
    user = _USER.match(login if at else rest)[0]  # type: ignore[index]
    if at:
        return rest if user == login else f"{user}:***@{after}"
    # "user:password" that lost its host reads as a host and a port that is none
    tail = rest[len(user):]
    if scheme in ("http", "https") or not tail.startswith(":") or _PORT.match(tail):
        return rest
    return f"{user}:***"


def quoted(value: Any) -> str:
    """A value as a message quotes it: masked, one line, at most READ_LIMIT characters."""
    text = repr(_without_secrets(value))
    return text if len(text) <= READ_LIMIT else text[: READ_LIMIT - 1] + "…"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, whatever its case; None when none is like it."""
    spellings = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(name.casefold(), spellings, n=1, cutoff=0.6)
    return spellings[close[0]] if close else None


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, (list, tuple)):
        return [_without_secrets(each) for each in value]
    if isinstance(value, dict):
        return {key: _without_secrets(each) for key, each in value.items()}
    return value
