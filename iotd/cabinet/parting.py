"""What becomes of a cabinet when the person it was looked after for is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, update

from iotd.accounts.shared import By
from iotd.cabinet import records, stock_records

if TYPE_CHECKING:
    from iotd.cabinet.service import Cabinets


async def forget_past(cabinets: Cabinets, id: str, by: By) -> None:
    """Forget all that tells of whoever used a cabinet: visits, pictures, items, their journal
    and facts. It goes on as a new one; door and lights are as they are. Of other devices there
    is nothing here."""
    if cabinets.boards.find(id) is None:
        return
    low = [item for item in cabinets.known(id).items if item.low]
    await cabinets.commit(id, _forget, by, cabinets.patient_of(id))
    cabinets.counting.forget(id)
    for item in low:
        cabinets.alert(id, replace(item, low=False))


def _forget(connection: Connection, id: str, by: By, patient: str | None) -> None:
    of_it = records.cabinets.c.device_id == id
    connection.execute(update(records.cabinets).where(of_it).values(visit_id=None))
    for table in (records.visits, records.pictures, stock_records.changes):
        connection.execute(delete(table).where(table.c.cabinet == id))
    for item in stock_records.all_items(connection, id):
        stock_records.remove_item(connection, item.id)
    stock_records.add_field_items(connection, id)
    by.audit(connection, "forget past of cabinet", id, patient=patient)
