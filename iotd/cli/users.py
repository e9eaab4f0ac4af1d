"""``iotd user`` and ``iotd token``: accounts and bearer tokens."""

from __future__ import annotations

import sys
from typing import Any

import click

from iotd.accounts.rights import ROLES
from iotd.cli.asking import ask
from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json, tell_table
from iotd.errors import Invalid

PASSWORD_BYTES = 4096
SECOND_FACTOR_ROLES = ("admin", "doctor")

role = click.option(
    "--role", type=click.Choice(ROLES), required=True, help="What the account may do."
)


@click.group()
def user() -> None:
    """People who may sign in."""


@user.command("add")
@click.argument("name")
@role
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--email", help="To sign in with, and for a forgotten password.")
@click.option("--full-name", help="What others see, such as patients who choose a doctor.")
@placed
def add(
    place: Place, name: str, role: str, password_stdin: bool, email: str | None,
    full_name: str | None,
) -> None:
    """Make an account.

    Asks for a password on a terminal. Elsewhere makes one up and prints it
    alone, once.

    \b
    Example:
      iotd user add ada --role admin
      echo "$PASSWORD" | iotd user add ada --role doctor --password-stdin
      iotd user add grace --role doctor --full-name "Dr. Grace Hopper" --email grace@example.org
    """
    about = {"email": email, "full_name": full_name}
    given = {key: value for key, value in about.items() if value}
    made = ask(
        place, "user add", name=name, role=role, password=_password(password_stdin), **given
    )
    if place.json:
        tell_json(made)
    elif "password" in made:
        click.echo(made["password"])
    else:
        click.echo(f"made {made['name']}, {made['role']}")
    if role in SECOND_FACTOR_ROLES:
        click.echo(f"{made['name']} sets up the second factor at the first sign-in.", err=True)


@user.command("list")
@placed
def show(place: Place) -> None:
    """Show all accounts.

    \b
    Example:
      iotd user list --json | jq -r '.items[].name'
    """
    _tell_items(place, ask(place, "user list"), USER_COLUMNS)


@user.command("reset")
@click.argument("name")
@placed
def reset(place: Place, name: str) -> None:
    """Give an account a new password, printed alone, once.

    Its second factor and sessions end with the old one.

    \b
    Example:
      iotd user reset ada
    """
    made = ask(place, "user reset", name=name)
    if place.json:
        tell_json(made)
    else:
        click.echo(made["password"])


@click.group()
def token() -> None:
    """Bearer tokens for scripts."""


@token.command("add")
@click.argument("name")
@role
@placed
def add_token(place: Place, name: str, role: str) -> None:
    """Make a token and print its secret alone, once.

    \b
    Example:
      TOKEN=$(iotd token add grafana --role viewer)
      curl -H "Authorization: Bearer $TOKEN" http://localhost:8080/api/v1/cameras
    """
    made = ask(place, "token add", name=name, role=role)
    if place.json:
        tell_json(made)
    else:
        click.echo(made["secret"])


USER_COLUMNS = (
    "id", "name", "role", "full_name", "email", "state", "totp", "disabled", "last_login_at",
)


def _password(from_stdin: bool) -> str | None:
    """What to set, or None to have one made up."""
    if from_stdin:
        return _first_line()
    if sys.stdin is not None and sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return None


def _first_line() -> str:
    line: bytes = sys.stdin.buffer.readline(PASSWORD_BYTES + 1)
    try:
        password = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        password = ""
    if not password or len(line) > PASSWORD_BYTES:
        raise Invalid("--password-stdin: the first line is no password in UTF-8.", "password")
    return password


def _tell_items(place: Place, items: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if place.json:
        tell_json({"items": items})
    else:
        tell_table([each for each in columns if not items or each in items[0]], items)
