"""A plan carried out on a board, with the bytes that are done told all the time."""

from __future__ import annotations

from typing import Callable, Sequence

from iotd.flashing.model import File, Plan
from iotd.flashing.session import Session
from iotd.flashing.wishes import Progress


def upload(
    session: Session, plan: Plan, switch: Callable[[], Sequence[File]], progress: Progress
) -> None:
    """Do it all; wherever it stops, the board boots what it had before, or the new.

    ``switch()`` gives what is put in place at the end, when everything else is there: only
    then is a key made that ends the old one.
    """
    done, path = 0, ""

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, plan.total, path)

    progress(0, plan.total, "")
    session.start_afresh()
    session.switch(plan.anchor, count)
    session.remove(plan.removals)
    for file in plan.writes:
        path = file.path
        session.write(file, count)
    path = "/"
    session.switch(switch(), count)
    session.remove(plan.leftovers)
