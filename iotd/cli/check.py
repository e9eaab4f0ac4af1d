"""``iotd check``: every fault of the configuration."""

from __future__ import annotations

from typing import Any

import click

from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json, tell_table, tell_warning
from iotd.config_faults import masked
from iotd.jobs.certificates import missing
from iotd.limits import files_warning


@click.command()
@click.option("--verbose", is_flag=True, help="Show each value and where it comes from.")
@placed
def check(place: Place, verbose: bool) -> None:
    """Read the configuration and tell every fault, each with its key.

    \b
    Example:
      iotd check --config /etc/iotd/iotd.toml --verbose
    """
    config = place.config()
    warnings = [sentence for sentence in [files_warning(config), missing(config)] if sentence]
    for sentence in warnings:
        tell_warning(sentence)
    values = [
        {"key": key, "value": _shown(value), "source": source}
        for key, value, source in config.items()
    ]
    if place.json:
        tell_json({"ok": True, "warnings": warnings, **({"values": values} if verbose else {})})
        return
    if verbose:
        tell_table(("key", "value", "source"), [{**v, "value": _toml(v["value"])} for v in values])
    click.echo("ok")


def _shown(value: Any) -> Any:
    if isinstance(value, tuple):
        return [masked(each) if "://" in each else each for each in value]
    if isinstance(value, (bool, int)):
        return value
    return masked(str(value))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
