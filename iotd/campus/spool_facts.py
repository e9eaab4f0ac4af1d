"""What the spool keeps beside the batches, for a start while the store is away."""

from __future__ import annotations

from typing import Iterable, Iterator

from iotd.campus.spool_access import SpoolAccess
from iotd.campus.spool_file import read_fact, write_fact

#: Whose an identifier's hash is: a student's id, and until when in microseconds.
Known = dict[str, tuple[int, "int | None"]]

GATES, REGISTER = "gates", "register"  # names of facts


class SpoolFacts:
    """Copies of the register's identifiers and of what is known of gates; all of it blocks."""

    def __init__(self, access: SpoolAccess) -> None:
        self._access = access

    def known(self) -> Known | None:
        """The register's identifiers, as they were last told; None when they never were."""
        with self._access.reading() as connection:
            if read_fact(connection, REGISTER) is None:
                return None
            rows = connection.execute("SELECT hash, student_id, expires_at FROM known")
            return {hash: (student, expires) for hash, student, expires in rows}

    def replace_known(self, known: Known) -> None:
        """Keep these identifiers and no others."""
        with self._access.transaction() as connection:
            connection.execute("DELETE FROM known")
            connection.executemany("INSERT INTO known VALUES (?, ?, ?)", _known_rows(known))
            write_fact(connection, REGISTER, "told")

    def change_known(self, added: Known, removed: Iterable[str]) -> None:
        """Forget ``removed``, then keep ``added``."""
        with self._access.transaction() as connection:
            connection.executemany("DELETE FROM known WHERE hash = ?", [(one,) for one in removed])
            connection.executemany(
                "INSERT OR REPLACE INTO known VALUES (?, ?, ?)", _known_rows(added)
            )

    def forget_known(self, students: Iterable[int]) -> None:
        """These students have no identifiers any more, whoever was or was not told of it."""
        with self._access.transaction() as connection:
            connection.executemany(
                "DELETE FROM known WHERE student_id = ?", [(one,) for one in students]
            )

    def save_gates(self, text: str) -> None:
        """Keep what is known of gates, for a start without the store."""
        with self._access.transaction() as connection:
            write_fact(connection, GATES, text)

    def gates(self) -> str | None:
        """What save_gates() kept last."""
        with self._access.reading() as connection:
            return read_fact(connection, GATES)


def _known_rows(known: Known) -> Iterator[tuple[str, int, int | None]]:
    return ((hash, student, expires) for hash, (student, expires) in known.items())
