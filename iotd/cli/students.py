"""``iotd students``: the register of the campus without a browser."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, Iterator

import click

from iotd.cli.asking import ask, follow
from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json, tell_table
from iotd.errors import Invalid
from iotd.exit_codes import FAULT

COLUMNS = ("rollno", "year", "branch", "stream", "hostel", "gender", "macs", "state",
           "last_movement_at")
FAULT_COLUMNS = ("line", "column", "value", "reason")
LARGEST = 16 * 1024 * 1024
PART = 45_000  # bytes; in base64 a line of a command holds them


@click.group()
def students() -> None:
    """The register of the campus."""


@students.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preview", is_flag=True, help="Only say what would be done.")
@placed
def import_file(place: Place, file: Path, preview: bool) -> int:
    """Take students over from a CSV file.

    Columns are rollno, year, branch, stream, hostel, gender and perhaps mac, in any order.
    With any fault nothing is changed, all faults are listed, and the command ends with 1.

    \b
    Example:
      iotd students import register.csv --preview
    """
    done = _send(place, _bytes_of(file), preview)
    if place.json:
        tell_json(done)
    elif done["faults"]:
        tell_table(FAULT_COLUMNS, done["faults"])
        count = done["faults_in_all"]
        click.echo(f"{count:,} fault{'s' * (count != 1)}; nothing was changed", err=True)
    else:
        click.echo(_sentence(done))
    return FAULT if done["faults"] else 0


@students.command("list")
@click.option("--search", metavar="WORDS", help="Only those in whose entry all words occur.")
@placed
def show(place: Place, search: str | None) -> None:
    """Show the students, MACs by their last two digits.

    \b
    Example:
      iotd students list --search "cse north"
    """
    items: list[dict[str, Any]] = []

    def again(answer: dict[str, Any]) -> dict[str, Any] | None:
        items.extend(answer["items"])
        return {"q": search, "after": answer["after"]} if answer["after"] else None

    follow(place, "students list", again, q=search)
    if place.json:
        tell_json({"items": items})
    else:
        tell_table(COLUMNS, [{**each, "macs": " ".join(each["macs"])} for each in items])


@students.command("erase")
@click.argument("rollno")
@placed
def erase(place: Place, rollno: str) -> None:
    """Erase a student from everything, for good.

    Says which backups still hold the person.

    \b
    Example:
      iotd students erase CS/2023/101
    """
    done = ask(place, "students erase", rollno=rollno)
    if place.json:
        tell_json(done)
        return
    click.echo(f"erased {rollno}")
    click.echo(done["notice"], err=True)
    for name in done["backups"]:
        click.echo(f"backup: {name}", err=True)


def _bytes_of(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise Invalid(f"{file} is larger than {LARGEST >> 20} MiB: split it.", "file")
        return file.read_bytes()
    except OSError as problem:
        raise Invalid(f"{file} can't be read: {problem.strerror}.", "file") from None


def _send(place: Place, raw: bytes, preview: bool) -> dict[str, Any]:
    parts = _parts(raw, preview)

    def again(answer: dict[str, Any]) -> dict[str, Any] | None:
        return {"upload": answer["upload"], **next(parts)} if "upload" in answer else None

    return dict(follow(place, "students import", again, **next(parts)))


def _parts(raw: bytes, preview: bool) -> Iterator[dict[str, str | None]]:
    for start in range(0, max(1, len(raw)), PART):
        end = start + PART
        yield {
            "part": base64.b64encode(raw[start:end]).decode(),
            "last": "yes" if end >= len(raw) else None, "preview": "yes" if preview else None,
        }


def _sentence(done: dict[str, Any]) -> str:
    counts = (f"{done['added']:,} added, {done['changed']:,} changed, {done['unchanged']:,} as"
              f" they were, {done['macs']:,} MACs")
    return counts if done["applied"] else f"it would be: {counts}"
