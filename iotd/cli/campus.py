"""``iotd campus``: whether statistics fit the movements, and making them fit."""

from __future__ import annotations

import sys
from typing import Any

import click

from iotd.cli.asking import follow
from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json, tell_table
from iotd.exit_codes import FAULT

COUNTS = ("entries", "exits", "outings", "seconds_outside")
COLUMNS = ("day", "year", "gender", "hostel", "branch", "stream", "count", "kept", "right")


@click.group()
def campus() -> None:
    """Movements and their statistics."""


@campus.command("check")
@placed
def check(place: Place) -> int:
    """Compare statistics with the movements they count.

    Ends with 1 when there is a difference; the first hundred are listed.

    \b
    Example:
      iotd campus check
    """
    found = _run(place, "campus check")
    if place.json:
        tell_json({key: found[key] for key in ("movements", "differences", "items")})
    elif found["differences"]:
        tell_table(COLUMNS, [line for item in found["items"] for line in _lines(item)])
        click.echo(_sentence(found) + "; iotd campus rebuild mends that", err=True)
    else:
        click.echo(f"statistics fit all {found['movements']:,} movements")
    return FAULT if found["differences"] else 0


@campus.command("rebuild")
@placed
def rebuild(place: Place) -> None:
    """Count statistics anew from the movements.

    The daemon goes on meanwhile: pages show the old figures until they are mended.

    \b
    Example:
      iotd campus rebuild
    """
    found = _run(place, "campus rebuild")
    if place.json:
        tell_json({key: found[key] for key in ("movements", "differences")})
    else:
        click.echo(_sentence(found) + ", mended")


def _run(place: Place, command: str) -> dict[str, Any]:
    shows = not place.json and sys.stderr.isatty()

    def again(answer: dict[str, Any]) -> dict[str, Any] | None:
        if shows:
            part = answer["done"] / answer["of"] if answer["running"] else 1
            click.echo(f"\r{part:4.0%}" + ("" if answer["running"] else "\r    \r"), nl=False,
                       err=True)
        return {"ticket": answer["ticket"]} if answer["running"] else None

    return dict(follow(place, command, again))


def _lines(item: dict[str, Any]) -> list[dict[str, Any]]:
    """A line for each count that differs; one for rows that differ only in their hours."""
    kept, right = item["kept"], item["right"]
    differing = [name for name in COUNTS if kept[name] != right[name]] or ["hours"]
    return [
        {**item, "count": name, "kept": kept.get(name), "right": right.get(name)}
        for name in differing
    ]


def _sentence(found: dict[str, Any]) -> str:
    rows = found["differences"]
    return (f"{rows:,} row{'s' * (rows != 1)} of a day and group did not fit"
            f" {found['movements']:,} movements")
