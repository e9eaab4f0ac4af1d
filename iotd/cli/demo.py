"""``iotd demo``: a past for a demonstration, before the daemon starts."""

from __future__ import annotations

import os
import time
from typing import Any

import click

from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json
from iotd.data_dir import DataLock
from iotd.errors import Conflict, IotdError


@click.command()
@click.option(
    "--days", type=click.IntRange(1, 365), default=182, show_default=True,
    help="How long ago it began.",
)
@placed
def demo(place: Place, days: int) -> None:
    """Fill an empty installation with two patients, their doctor, and half a year of them.

    Prints the accounts that it made, which are in DIR/accounts.txt too. And with a campus:
    400 students, and when they passed its four gates in the last 60 days. Run it before the
    daemon; `iotd simulate --watches 2 --cabinets 1 --keys DIR/boards.keys --students 400`
    then brings the same watches, a cabinet, the gates and some boards with keys to life.
    An installation in which there is somebody already is left as it is.

    \b
    Example:
      iotd demo --data var/demo
    """
    config = place.config()
    lock = DataLock(config.data_dir)
    lock.acquire()
    try:
        made = _in_reactor(place, config, days)
    finally:
        lock.release()
    if place.json:
        tell_json(made)
    else:
        click.echo(f"{len(made['patients'])} people with {made['readings']:,} readings,"
                   f" {made['students']} students who passed gates {made['passages']:,} times")
        click.echo(_accounts(made["accounts"]), nl=False)


def _in_reactor(place: Place, config: Any, days: int) -> dict[str, Any]:
    outcome: list[Any] = []

    async def work(reactor: Any) -> None:
        parts = place.surroundings.open_parts(config, reactor)
        try:
            outcome.append(await _write(parts, reactor, time.time(), days, config))
        except IotdError as problem:
            outcome.append(problem)
        finally:
            await parts.close()

    try:
        place.surroundings.react(work)
    except SystemExit:
        if not outcome:
            raise
    if isinstance(outcome[0], IotdError):
        raise outcome[0]
    made: dict[str, Any] = outcome[0]
    return made


async def _write(
    parts: Any, reactor: Any, now: float, days: int, config: Any
) -> dict[str, Any]:
    from iotd.cli import demo_record

    made: dict[str, Any] = await parts.store.run(_fill, now, days, config, parts.sealer)
    accounts = await demo_record.fill(parts, reactor, now, days, made["patients"])
    with open(config.data_dir / "accounts.txt", "w", opener=_private) as file:
        file.write(_accounts(accounts))
    return {**made, "accounts": accounts}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _accounts(passwords: dict[str, str]) -> str:
    """Names and passwords, a line each."""
    return "".join(f"{name:<8} {password}\n" for name, password in passwords.items())


def _fill(
    connection: Any, now: float, days: int, config: Any, sealer: Any
) -> dict[str, Any]:
    # tables of all jobs: not loaded for --help
    from iotd.cli import demo_boards, demo_campus, demo_history
    from iotd.health.records import all_patients

    if all_patients(connection):
        raise Conflict("There are patients already; a demonstration needs an empty installation.")
    zone, poll = config.site.timezone, config.devices.poll_seconds
    made = demo_history.fill(connection, now, days, zone, poll)
    boards = demo_boards.fill(connection, sealer, config.data_dir, now)
    return {**made, "boards": boards, **demo_campus.fill(
        connection, sealer, now, zone, min(days, demo_campus.DAYS))}
