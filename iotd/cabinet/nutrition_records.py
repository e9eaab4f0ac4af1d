"""The tables of what is in the things on the shelf, and of what a person wants to eat a day."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    Column, Connection, Double, ForeignKey, String, Table, delete, insert, select,
)

from iotd.cabinet.intake import LOOK_BACK, Change, Taken, Visit, taken
from iotd.cabinet.nutrition import Facts
from iotd.cabinet.records import visits
from iotd.cabinet.stock_records import changes, items
from iotd.store.metadata import Id, metadata

facts = Table(
    "item_nutrition", metadata,
    Column("item_id", Id, ForeignKey("cabinet_items.id", ondelete="CASCADE"), primary_key=True,
           autoincrement=False),
    Column("piece_g", Double),  # what one weighs
    Column("energy_kcal", Double),  # this and all below: in 100 g
    Column("fat_g", Double),
    Column("sugar_g", Double),
    Column("fibre_g", Double),
    Column("protein_g", Double),
    Column("salt_g", Double),
    Column("iron_mg", Double),
    Column("calcium_mg", Double),
    Column("b12_ug", Double),
    Column("source", String(200), nullable=False),
)

targets = Table(
    "nutrition_targets", metadata,
    Column("patient", String(40), primary_key=True),
    Column("nutrient", String(16), primary_key=True),
    Column("value", Double, nullable=False),
    Column("source", String(200), nullable=False),
)


@dataclass(frozen=True)
class Span:
    """What happened in a cabinet in a span, and what is known of its items."""

    taken: list[Taken]
    names: dict[int, str]  # of the items that there are, and of those that were taken
    facts: dict[int, Facts]


_FACTS = [column for column in facts.c if column.name != "item_id"]


def read_span(connection: Connection, cabinet: str, since: float, until: float) -> Span:
    """What was taken from ``since`` to ``until``, with all that tells of it."""
    begin = since - LOOK_BACK  # a visit of before may have to explain a count
    seen = visits_since(connection, cabinet, begin)
    lines = changes_since(connection, cabinet, begin)
    known = facts_of(connection, cabinet)
    names = {line["item_id"]: line["item"] for line in lines}
    query = select(items.c.id, items.c.name).where(items.c.cabinet == cabinet)
    names |= {id: name for id, name in connection.execute(query)}
    found = taken(seen, [_change(line) for line in lines],
                  {id: each.piece_g for id, each in known.items()})
    return Span([each for each in found if since <= each.at < until], names, known)


def visits_since(connection: Connection, cabinet: str, since: float) -> list[Visit]:
    """The closings from a moment on."""
    c = visits.c
    query = select(c.id, c.closed_at, c.taken_g, c.picture_id)
    rows = connection.execute(query.where((c.cabinet == cabinet) & (c.closed_at >= since)))
    return [Visit(*row) for row in rows]


def changes_since(connection: Connection, cabinet: str, since: float) -> list[dict[str, Any]]:
    """The lines of the journal from a moment on."""
    c = changes.c
    query = select(c.id, c.item_id, c.item, c.at, c.before, c.after, c.picture_id, c.undoes)
    rows = connection.execute(query.where((c.cabinet == cabinet) & (c.at >= since)))
    return [dict(row) for row in rows.mappings()]


def _change(line: dict[str, Any]) -> Change:
    return Change(line["id"], line["item_id"], line["at"], line["before"], line["after"],
                  line["picture_id"], line["undoes"])


def facts_of(connection: Connection, cabinet: str) -> dict[int, Facts]:
    """What is known of the items of a cabinet, by number."""
    query = (
        select(facts.c.item_id, *_FACTS).join(items, items.c.id == facts.c.item_id)
        .where(items.c.cabinet == cabinet)
    )
    found = {}
    for row in connection.execute(query).mappings():
        values = dict(row)
        id = values.pop("item_id")
        found[id] = Facts(**values)
    return found


def item_facts(connection: Connection, item: int) -> Facts | None:
    """What is known of one item."""
    row = connection.execute(select(*_FACTS).where(facts.c.item_id == item)).mappings().first()
    return None if row is None else Facts(**row)


def put_facts(connection: Connection, item: int, known: Facts | None) -> None:
    """What is known of an item from now on; None: nothing."""
    connection.execute(delete(facts).where(facts.c.item_id == item))
    if known is not None:
        connection.execute(insert(facts).values(item_id=item, **asdict(known)))


def targets_of(connection: Connection, patient: str) -> dict[str, tuple[float, str]]:
    """The daily values that a patient set, by nutrient, with who stands for them."""
    query = select(targets.c.nutrient, targets.c.value, targets.c.source)
    rows = connection.execute(query.where(targets.c.patient == patient))
    return {nutrient: (value, source) for nutrient, value, source in rows}


def put_target(
    connection: Connection, patient: str, nutrient: str, value: float | None, source: str
) -> None:
    """A daily value from now on; None: the usual one."""
    chosen = (targets.c.patient == patient) & (targets.c.nutrient == nutrient)
    connection.execute(delete(targets).where(chosen))
    if value is not None:
        connection.execute(insert(targets).values(
            patient=patient, nutrient=nutrient, value=value, source=source,
        ))


def forget_patient(connection: Connection, patient: str) -> None:
    """A patient is gone."""
    connection.execute(delete(targets).where(targets.c.patient == patient))


def patients_with_targets(connection: Connection) -> list[str]:
    """Whose daily values are kept."""
    return list(connection.execute(select(targets.c.patient).distinct()).scalars())
