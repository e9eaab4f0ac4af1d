"""``iotd cert``: a certificate authority of the site's own, for browsers and boards."""

from __future__ import annotations

from typing import Any

import click

from iotd.cli.asking import ask
from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json, tell_warning
from iotd.exit_codes import FAULT

CALLED = {"ca": "authority", "server": "for browsers", "boards": "for boards"}


@click.command()
@click.option(
    "--name", "names", multiple=True, metavar="HOST",
    help="A further name or address of this host; may be repeated, is kept.",
)
@click.option(
    "--without", multiple=True, metavar="HOST", help="A name that was given is given up.",
)
@click.option("--days", type=int, help="How long browsers' is good, 1 to 397 [default: 397].")
@click.option("--renew", is_flag=True, help="Make both server certificates anew, due or not.")
@click.option(
    "--new-authority", is_flag=True,
    help="Begin again: every browser and board needs the new ca.pem.",
)
@click.option("--show", is_flag=True, help="Only show what there is.")
@placed
def cert(
    place: Place, names: tuple[str, ...], without: tuple[str, ...], days: int | None, renew: bool,
    new_authority: bool, show: bool,
) -> int:
    """Make or renew certificates of the site's own, for `ssl:` listeners.

    A running daemon takes them up at once and drops nobody.

    \b
    Example:
      iotd cert --name iotd.example.org --name 192.168.1.5
      iotd cert --show
    """
    if not all(each.strip() for each in (*names, *without)):
        raise click.UsageError("a name is empty: give a host's name or address")
    told = ask(
        place, "cert", names="\n".join(names), without="\n".join(without),
        days=None if days is None else str(days), renew=_yes(renew),
        authority=_yes(new_authority), show=_yes(show),
    )
    if place.json:
        tell_json(told)
    else:
        _tell(told, show)
    return FAULT if told.get("faults") or (show and _faults(told)) else 0


def _yes(flag: bool) -> str | None:
    return "yes" if flag else None


def _faults(told: dict[str, Any]) -> list[str]:
    if not told["exists"]:
        return ["There is no certificate yet: make it with `iotd cert`."]
    return [
        f"{CALLED[pair]}: {told[pair]['fault']}" for pair in CALLED if told[pair]["fault"]
    ]


def _tell(told: dict[str, Any], show: bool) -> None:
    made = told.get("made", [])
    if "ca" in made:
        click.echo(f"Made an authority and two certificates in {told['folder']}")
    elif made:
        click.echo(f"Made anew: {', '.join(CALLED[pair] for pair in made)}")
    elif not show:
        click.echo("Nothing to do: all is good still. --renew makes them anew all the same.")
    for pair, called in CALLED.items():
        if told["exists"] and told[pair]["ends_at"]:
            click.echo(f"  {called:<13}until {told[pair]['ends_at'][:10]}  {_names(told[pair])}")
    for fault in _faults(told):
        tell_warning(fault)
    for fault in told.get("faults", []):
        tell_warning(f"the daemon goes on with the old one: {fault}")
    if told["exists"] and (show or "ca" in made):
        _tell_next(told)
    elif told["listeners"] and made:
        click.echo(f"In use now at: {', '.join(told['listeners'])}")


def _names(pair: dict[str, Any]) -> str:
    return " ".join(pair["names"])


def _tell_next(told: dict[str, Any]) -> None:
    if not told["listeners"]:
        click.echo(
            "\nNext, in the configuration (the ports without TLS may stay beside them):\n"
            '  [web]      listen = ["tcp:8080", "ssl:8443"]\n'
            '  [devices]  listen = ["tcp:5001", "ssl:5002"]\n'
            '  [cameras]  listen = ["tcp:9001", "ssl:9002"]\n'
            '  [mqtt]     listen = "ssl:8883"\n'
            "then start the daemon again."
        )
    click.echo(
        f"\nBrowsers: bring {told['folder']}/ca.pem to each phone and laptop to be trusted.\n"
        "  Android: Settings, Security, Install a certificate, CA certificate\n"
        "  iPhone: open it, Settings, Profile; then General, About, Certificate Trust Settings\n"
        "  Windows: double click, Install, Trusted Root Certification Authorities\n"
        "  macOS: Keychain Access, System, then Always Trust; Firefox: Settings, Certificates\n"
        f"  It is the right one when its SHA-256 begins {told['ca']['fingerprint'][:23]}\n"
        "Boards: `iotd flash` writes it as /ca.der, and server.tls into settings.json.\n"
        "Never give away ca.key: who has it can be any page for those who trust ca.pem."
    )
