"""What a PDF and a database say, for tests of what is on paper and of what is left."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests.pages.house import SHOTS

MARKS = {ord(mark): " " for mark in "\u202a\u202b\u202c\u200e\u200f"}  # of direction


def read_pdf(path: Path, *options: str) -> str:
    """The words of a PDF as people copy them, with one space wherever there is some."""
    done = subprocess.run(["pdftotext", *options, str(path), "-"], capture_output=True, check=True)
    return " ".join(done.stdout.decode().translate(MARKS).split())


def draw_pdf(path: Path) -> None:
    """Its first two pages, for people to look at."""
    SHOTS.mkdir(exist_ok=True)
    command = ["pdftoppm", "-png", "-r", "70", "-l", "2", str(path), str(SHOTS / "record-pdf")]
    subprocess.run(command, check=True)


def everything_in(path: Path) -> list[str]:
    """Every cell of a database as text."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        return [str(cell) for (table,) in tables
                for row in database.execute(f'SELECT * FROM "{table}"') for cell in row]
