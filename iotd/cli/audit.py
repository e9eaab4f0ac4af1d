"""``iotd audit``: whether what was done stands there as it was written, and the newest of it."""

from __future__ import annotations

import sys
from typing import Any

import click

from iotd.cli.asking import ask, follow
from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json, tell_table, tell_warning
from iotd.exit_codes import FAULT

COLUMNS = ("id", "at", "who", "action", "subject", "detail", "address", "result")
TOLD = ("rows", "faults", "items", "kept")


@click.group()
def audit() -> None:
    """Who did what."""


@audit.command("verify")
@placed
def verify(place: Place) -> int:
    """Look whether any row was changed, taken out, put in or moved.

    Ends with 1 when there is a fault; the first hundred are listed.

    \b
    Example:
      iotd audit verify
    """
    found = _check(place)
    if place.json:
        tell_json({key: found[key] for key in TOLD})
        return FAULT if found["faults"] else 0
    for item in found["items"]:
        click.echo(item["what"])
    if found["faults"]:
        faults = _count(found["faults"], "fault")
        click.echo(f"{faults} in {_count(found['rows'], 'row')}", err=True)
        return FAULT
    click.echo(f"{_count(found['rows'], 'row')}, each as it was written")
    if found["kept"] is None and found["rows"]:
        tell_warning(
            "there is no audit.head beside the database: rows cut off at the end can't be missed"
        )
    return 0


@audit.command("list")
@click.option("--limit", default="50", metavar="N", help="How many, at most 500 [default: 50].")
@placed
def list_rows(place: Place, limit: str) -> None:
    """The newest rows, the newest first.

    \b
    Example:
      iotd audit list --limit 20
    """
    rows = ask(place, "audit list", limit=limit)
    if place.json:
        tell_json({"items": rows})
    else:
        tell_table(COLUMNS, rows)


def _check(place: Place) -> dict[str, Any]:
    shows = not place.json and sys.stderr.isatty()

    def again(answer: dict[str, Any]) -> dict[str, Any] | None:
        if shows:
            part = answer["rows"] / max(1, answer["of"])
            click.echo(f"\r{part:4.0%}" if answer["running"] else "\r    \r", nl=False, err=True)
        return {"ticket": answer["ticket"]} if answer["running"] else None

    return dict(follow(place, "audit verify", again))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
