"""Who sits before ``iotd flash``: a person at a terminal, or a script that is asked nothing."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import Iterator, Sequence

import click
from rich.console import Console
from rich.progress import (
    BarColumn, DownloadColumn, Progress as Bars, TextColumn, TimeRemainingColumn,
)

from iotd.flashing.wishes import Choice, Progress


class Terminal:
    """Asks on the terminal; without one, and under ``--json``, a question is an error."""

    def __init__(self, quiet: bool, yes: bool) -> None:
        self._quiet, self._yes = quiet, yes
        self._console = Console(highlight=False, markup=False, emoji=False)

    def choose(
        self, question: str, option: str, choices: Sequence[Choice], usual: bool = False
    ) -> str:
        """By number; Enter takes the first."""
        if usual and not self._asks:
            return choices[0].value
        self._need_terminal(question, option, ", ".join(each.value for each in choices))
        for number, each in enumerate(choices, 1):
            click.echo(f"  {number}  {each.title}")
        picked = click.prompt(question, default=1, type=click.IntRange(1, len(choices)))
        return choices[picked - 1].value

    def text(self, question: str, option: str, default: str | None) -> str:
        """A word; a default is taken without asking where nobody can be asked."""
        if default is not None and not self._asks:
            return default
        self._need_terminal(question, option)
        return str(click.prompt(question, default=default)).strip()

    def secret(self, question: str, option: str) -> str:
        """Without echo."""
        self._need_terminal(question, option)
        return str(click.prompt(question, default="", show_default=False, hide_input=True))

    def agree(self, question: str, option: str) -> None:
        """Goes on with --yes; a no ends it as Ctrl-C does."""
        if not self._yes:
            self._need_terminal(question, option)
            click.confirm(question, abort=True)

    def say(self, sentence: str) -> None:
        """For people; scripts get the result alone."""
        if not self._quiet:
            click.echo(sentence)

    def board_says(self, line: str) -> None:
        """Set apart from our own words."""
        self.say(f"  board: {line}")

    @contextmanager
    def bar(self, title: str) -> Iterator[Progress]:
        """A bar on a terminal, one line of words elsewhere, nothing for scripts."""
        if self._quiet or not self._console.is_terminal:
            began = time.monotonic()
            done = [0]
            yield lambda now, total, name: done.__setitem__(0, now)
            if done[0]:
                self.say(f"{title}: {done[0]:,} bytes in {time.monotonic() - began:.1f} s.")
            return
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(),
                   TimeRemainingColumn(), TextColumn("{task.fields[name]}"))
        with Bars(*columns, console=self._console, transient=False) as bars:
            task = bars.add_task(title, total=None, name="")
            yield lambda now, total, name: bars.update(
                task, completed=now, total=total, name=name)

    @property
    def _asks(self) -> bool:
        return not self._quiet and not self._yes and sys.stdin.isatty()

    def _need_terminal(self, question: str, option: str, allowed: str = "") -> None:
        if self._quiet or not sys.stdin.isatty():
            known = f" ({allowed})" if allowed else ""
            raise click.UsageError(
                f"{question.rstrip('?')}: there is no terminal to ask on, give {option}{known}."
            )
