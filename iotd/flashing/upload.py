"""A plan carried out on a board, with the bytes that are done told all the time."""

from __future__ import annotations

from iotd.flashing.model import Plan
from iotd.flashing.session import Session
from iotd.flashing.wishes import Progress


def upload(session: Session, plan: Plan, progress: Progress) -> None:
    """Do it all; wherever it stops, the board boots what it had before, or the new."""
    done, path = 0, ""

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, plan.total, path)

    session.start_afresh()
    session.remove(plan.removals)
    for file in plan.writes:
        path = file.path
        session.write(file, count)
    path = "/"
    session.switch(plan.switch, count)
    session.remove(plan.leftovers)
