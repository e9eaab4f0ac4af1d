"""Where values of the configuration come from: a TOML file and the environment.

Both give flat entries: dotted key -> (value, where it stands).
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from iotd.config_faults import Fault

FILE_LIMIT = 1024 * 1024  # bytes
# finding a key's line parses the file once for each line
LINES_TOLD = 1000


@dataclass(frozen=True)
class Entry:
    """One value, and where it was read: a file and its line, or a variable."""

    value: Any
    where: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.where} line {self.line}" if self.line else self.where


def read_file(path: Path) -> tuple[dict[str, Entry], list[Fault]]:
    """The file's values by dotted key, two levels deep; a section itself is {}."""
    try:
        text = _text_of(path)
        data = tomllib.loads(text)
    except _Unreadable as problem:
        return {}, [Fault(str(path), "the file", str(problem))]
    except tomllib.TOMLDecodeError as problem:
        return {}, [_bad_toml(path, text, problem)]
    lines = _lines_of_keys(text)
    entries = {key: Entry(value, str(path), lines.get(key)) for key, value in _flat(data).items()}
    return entries, []


def variable_of(key: str) -> str:
    """The environment variable that overrides a dotted key."""
    return "IOTD_" + key.upper().replace(".", "__")


def read_environment(
    environ: Mapping[str, str], kinds: Mapping[str, type]
) -> tuple[dict[str, Entry], dict[str, str]]:
    """Values of known variables, and the unknown ones with what they may have meant.

    ``kinds`` has each dotted key's type: str, int, bool or tuple. A text that
    doesn't fit stays text, so that the check of the key refuses it.
    """
    known = {variable_of(key): key for key in kinds}
    single = {name.replace("__", "_"): name for name in known}
    entries, unknown = {}, {}
    for name in sorted(each for each in environ if each.startswith("IOTD_")):
        if name in known:
            key = known[name]
            entries[key] = Entry(_typed(environ[name], kinds[key]), f"environment {name}")
        elif "__" in name or name in single:
            unknown[name] = single.get(name, "")
    return entries, unknown


class _Unreadable(Exception):
    pass


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_LIMIT + 1)
    except OSError as problem:
        raise _Unreadable(f"can't be read ({problem.strerror})") from None
    if len(raw) > FILE_LIMIT:
        raise _Unreadable(f"is larger than {FILE_LIMIT} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _Unreadable(f"is not UTF-8 at byte {problem.start}") from None


def _bad_toml(path: Path, text: str, problem: tomllib.TOMLDecodeError) -> Fault:
    what, _, place = str(problem).rstrip(")").partition(" (at ")
    at = re.match(r"line (\d+), column (\d+)", place)
    if at:
        told = f"is not TOML ({what}, column {at[2]})"
        return Fault(str(path), "the file", told, line=int(at[1]))
    return Fault(str(path), "the file", f"is not TOML ({what})", line=_first_like(text, problem))


def _first_like(text: str, problem: tomllib.TOMLDecodeError) -> int | None:
    """The first line up to which the file has this very problem."""
    lines = text.splitlines(keepends=True)
    for count in range(1, min(len(lines), LINES_TOLD) + 1):
        try:
            tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError as found:
            if str(found) == str(problem):
                return count
    return None


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in data.items():
        if not isinstance(value, dict):
            flat[name] = value
            continue
        flat[name] = {}
        flat.update({f"{name}.{key}": inner for key, inner in value.items()})
    return flat


def _lines_of_keys(text: str) -> dict[str, int]:
    """Each dotted key's line: the first after which the file, cut there, has the key."""
    lines = text.splitlines(keepends=True)
    found: dict[str, int] = {}
    start = 1
    for count in range(1, min(len(lines), LINES_TOLD) + 1):
        try:
            keys = _flat(tomllib.loads("".join(lines[:count])))
        except tomllib.TOMLDecodeError:
            continue
        for key in keys:
            found.setdefault(key, start)
        start = count + 1
    return found


def _typed(text: str, kind: type) -> Any:
    if kind is bool:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if kind is int:
        return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else text
    if kind is tuple:
        return _list_of(text)
    return text


def _list_of(text: str) -> Any:
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return [each.strip() for each in text.split(",")] if text.strip() else []
