"""What a command prints: results on standard output, troubles on standard error."""

from __future__ import annotations

import json
from typing import Any, Mapping, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from iotd.config import ConfigFaults
from iotd.errors import IotdError
from iotd.exit_codes import kind_of


WIDEST = 4096  # columns of a table


class Refused(IotdError):
    """What a daemon answered instead of a result; ``kind`` is its error's class."""

    def __init__(self, kind: str, message: str, field: str | None = None) -> None:
        super().__init__(message, field)
        self.kind = kind


def tell_error(error: IotdError, as_json: bool) -> None:
    """One sentence, or for a configuration one a fault."""
    if not as_json:
        click.echo(_plain(str(error)), err=True)
        return
    told: dict[str, Any] = {"kind": kind_of(error), "message": str(error), "field": error.field}
    if isinstance(error, ConfigFaults):
        told["faults"] = [vars(fault) for fault in error.faults]
    tell_json({"error": told}, err=True)


def tell_json(data: Any, err: bool = False) -> None:
    """One line of JSON."""
    click.echo(json.dumps(data, ensure_ascii=False, default=str), err=err)


def tell_warning(sentence: str) -> None:
    """Something that is no fault yet."""
    click.echo(f"warning: {sentence}", err=True)


def tell_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows under headings, whole values, at whatever width they need."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True, overflow="ignore")
    for row in rows:
        # what devices call themselves is text, never markup or escape codes
        table.add_row(*(Text(_plain(_cell(row.get(column)))) for column in columns))
    # rich would cut what is wider than the terminal, or than 80 columns in a pipe
    Console(width=WIDEST, highlight=False).print(table)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() or each == "\n" else "?" for each in text)
