"""Which boards a roll-out may take, and why not the others."""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping, Sequence

from iotd.errors import Conflict, Invalid
from iotd.updates.release_file import Release
from iotd.updates.waves import Candidate
from iotd.wire.board_lines import Report

_FIRMWARE = re.compile(r".*\+([0-9]{1,10})")  # "1.1.0+8", as the registry keeps it
HAS_IT = "at build"  # whoever wants it there has that
NAMED = 3  # boards in one sentence


def choose(
    devices: Iterable[Mapping[str, Any]], reports: Mapping[str, Report], release: Release,
    named: Sequence[str] | None, older: bool,
) -> list[Candidate]:
    """All boards that may take a release, or those that were named and have not got it.

    ``devices`` are those of the registry as JSON. Invalid or Conflict say why a named one may
    not, or that there is none.
    """
    known = {device["id"]: device for device in devices}
    wanted = sorted(known) if named is None else list(dict.fromkeys(named))
    reasons: dict[str, list[str]] = {}
    chosen = []
    for id in wanted:
        why_not = _why_not(known.get(id), reports.get(id), release, older)
        if why_not is None:
            kind = (reports.get(id) or Report()).kind or known[id]["kind"]
            chosen.append(Candidate(id, kind, known[id]["state"] == "online"))
        else:
            reasons.setdefault(why_not, []).append(id)
    told = {why: ids for why, ids in reasons.items() if not (chosen and why.startswith(HAS_IT))}
    if named is not None and told:
        _refuse(told)
    if not chosen:
        raise Conflict(_nobody(reasons, release), "devices")
    return chosen


def _why_not(
    device: Mapping[str, Any] | None, report: Report | None, release: Release, older: bool
) -> str | None:
    if device is None:
        return "unknown here"
    if not device["keyed"] or device["state"] not in ("online", "offline"):
        return "not approved with a key"
    if report is None and device["firmware"] is None:
        return "running firmware that never told of itself"
    if report is not None and report.slot is None:
        return "without a second folder for firmware: flash it once by cable"
    if ((report or Report()).kind or device["kind"]) not in release.kinds:
        return f"of a kind for which build {release.build} has no firmware"
    build = _build_of(device, report)
    if build == release.build:
        return f"{HAS_IT} {release.build} already"
    if build is not None and build > release.build and not older:
        return f"newer than build {release.build}: going back needs \"older\""
    return None


def _build_of(device: Mapping[str, Any], report: Report | None) -> int | None:
    if report is not None:
        return report.build
    found = _FIRMWARE.fullmatch(device["firmware"] or "")
    return int(found[1]) if found else None


def _refuse(reasons: Mapping[str, Sequence[str]]) -> None:
    why_not, ids = next(iter(reasons.items()))
    refused = {id: f"It is {why}." for why, named in reasons.items() for id in named}
    if why_not == "unknown here":
        raise Invalid(f"There is no device {ids[0][:64]!r}.", "devices", refused=refused)
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    verb = "are" if len(ids) > 1 else "is"
    said = f"{', '.join(ids[:NAMED])}{more} {verb} {why_not}."
    raise Conflict(said, "devices", refused=refused)  # of each, for whoever goes on without them


def _nobody(reasons: Mapping[str, Sequence[str]], release: Release) -> str:
    there = [f"{len(ids)} {why}" for why, ids in reasons.items() if why.startswith(("at", "newer"))]
    if there:
        return f"No board needs build {release.build}: {', '.join(there)}."
    return "No board with a key has told of its firmware yet."
