"""The ``iotd`` command.

Exit codes: 0 done, 1 refused, 2 bad use or configuration, 3 data damaged,
4 needs a newer iotd, 75 try again, 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import Any, Sequence

import click

from iotd import __version__
from iotd.cli.audit import audit
from iotd.cli.campus import campus
from iotd.cli.cert import cert
from iotd.cli.check import check
from iotd.cli.demo import demo
from iotd.cli.devices import device
from iotd.cli.flash import flash
from iotd.cli.firmware import firmware
from iotd.cli.images import image
from iotd.cli.place import Surroundings
from iotd.cli.simulate import simulate
from iotd.cli.students import students
from iotd.cli.telling import tell_error, tell_json
from iotd.cli.users import token, user
from iotd.errors import IotdError
from iotd.exit_codes import BAD_USE, FAULT, INTERRUPTED, exit_code


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="iotd", message="%(prog)s %(version)s")
def cli() -> None:
    """One self-hosted daemon for cameras, health devices and a campus of cheap boards.

    These commands work while the daemon runs and without it. The daemon
    itself is started by twistd:

    \b
      twistd -n iotd --config /etc/iotd/iotd.toml
    """


for each in (
    check, user, token, device, flash, firmware, image, cert, audit, campus, students, simulate,
    demo,
):
    cli.add_command(each)


def main(args: Sequence[str] | None = None, surroundings: Surroundings | None = None) -> int:
    """Run one command and give its exit code; nothing is printed as a traceback."""
    given = list(sys.argv[1:] if args is None else args)
    as_json = "--json" in given
    try:
        code: Any = cli.main(given, prog_name="iotd", standalone_mode=False, obj=surroundings)
    except IotdError as problem:
        tell_error(problem, as_json)
        return exit_code(problem)
    except click.ClickException as problem:
        _tell_bad_use(problem, as_json)
        return BAD_USE
    except click.Abort:
        return INTERRUPTED
    except BrokenPipeError:
        return FAULT
    return code if isinstance(code, int) else 0


def _tell_bad_use(problem: click.ClickException, as_json: bool) -> None:
    if as_json:
        told = {"kind": "UsageError", "message": problem.format_message(), "field": None}
        tell_json({"error": told}, err=True)
    else:
        problem.show()


if __name__ == "__main__":
    sys.exit(main())
