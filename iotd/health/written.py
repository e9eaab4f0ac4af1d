"""What people write into a record: kept as they wrote it, within limits, and free of what is
no text; and whose record it goes into."""

from __future__ import annotations

import unicodedata

from sqlalchemy import Connection, select

from iotd.errors import Invalid, NotFound
from iotd.health.records import patients


def written(text: str, field: str, most: int) -> str:
    """The text with newlines as ``\\n`` and without control characters or white space at its
    ends; Invalid over ``most`` characters, named by the field."""
    text = "".join(map(_plain, text.replace("\r\n", "\n").replace("\r", "\n"))).strip()
    if len(text) > most:
        raise Invalid(
            f"{field} has {len(text):,} characters; at most {most:,} are taken.", field
        )
    return text


def must_be_there(connection: Connection, patient: str) -> None:
    """NotFound when the patient was removed, or is being removed, before this was written."""
    c = patients.c
    query = select(c.id).where(c.id == patient, c.removed_at.is_(None))
    if connection.execute(query).first() is None:
        raise NotFound("There is no such patient.", "id")


def _plain(letter: str) -> str:
    # of the control characters people mean two; the others break CSV, XML or terminals
    return " " if unicodedata.category(letter) == "Cc" and letter not in "\n\t" else letter
