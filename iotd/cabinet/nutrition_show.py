"""Nutrition in JSON."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from iotd.cabinet.intake import Taken
from iotd.cabinet.nutrition import NUTRIENTS, Facts, Sum, strangers, totals
from iotd.cabinet.nutrition_records import Span
from iotd.cabinet.stock import Item
from iotd.times import rfc3339

Part = tuple[Sequence[Taken], Mapping[int, Facts]]  # what was taken, and what is in it
Own = Mapping[str, tuple[float, str]]  # daily values that a person set, with their source


def targets(own: Own) -> list[dict[str, Any]]:
    """Daily values, a person's own before the usual ones."""
    found = []
    for each in NUTRIENTS:
        value, source = own.get(each.key, (each.daily, each.source))
        found.append({
            "id": each.key, "nutrient": each.key, "name": each.name, "unit": each.unit,
            "daily_value": value, "goal": each.goal, "source": source,
            "own": each.key in own, "usual": each.daily,
        })
    return found


def item(
    cabinet: str, item: Item, known: Facts | None, offered: Facts | None
) -> dict[str, Any]:
    """What is known of an item, and what is offered."""
    return {
        "item": item.name, "item_id": item.id, "cabinet": cabinet,
        **(known or Facts()).as_json(), "known": known is not None,
        "suggestion": offered.as_json() if offered is not None else None,
    }


def day(day: str, spans: Mapping[str, Span], own: Own) -> dict[str, Any]:
    """A day's intake beside its daily values."""
    sums = [totals(span.taken, span.facts) for span in spans.values()]
    eaten = [
        _taken(cabinet, each, span) for cabinet, span in spans.items() for each in span.taken
    ]
    unknown = [
        {"item": span.names.get(id, ""), "item_id": id, "cabinet": cabinet}
        for cabinet, span in spans.items() for id in strangers(span.taken, span.facts)
    ]
    nutrients = [_nutrient(target, sums) for target in targets(own)]
    return {
        "day": day,
        "items": sorted(eaten, key=lambda each: (each["at"], each["cabinet"])),
        "nutrients": nutrients,
        "unknown": unknown,
        "unknown_grams": _unknown_grams(spans.values()),
        "complete": all(each["known"] for each in nutrients),
    }


def _taken(cabinet: str, each: Taken, span: Span) -> dict[str, Any]:
    return {
        "item": None if each.item is None else span.names.get(each.item, ""),
        "item_id": each.item, "cabinet": cabinet, "pieces": each.pieces,
        "grams": None if each.grams is None else round(each.grams, 1),
        "at": rfc3339(each.at), "basis": each.basis,
    }


def _unknown_grams(spans: Any) -> float:
    """Grams that left of which nobody knows what they were."""
    return round(sum(
        each.grams or 0.0 for span in spans for each in span.taken if each.item is None
    ), 1)


def _nutrient(target: dict[str, Any], sums: Sequence[Mapping[str, Sum]]) -> dict[str, Any]:
    key, daily = target["nutrient"], target["daily_value"]
    amount = sum(each[key].amount for each in sums)
    return {
        "nutrient": key, "name": target["name"], "unit": target["unit"],
        "amount": round(amount, 3), "daily_value": daily, "share": round(amount / daily, 4),
        "goal": target["goal"], "source": target["source"], "own": target["own"],
        "known": all(each[key].known for each in sums),
    }


def day_sum(day: str, parts: Sequence[Part]) -> dict[str, Any]:
    """A day of the history: the amounts alone; ``parts`` are of a cabinet each."""
    sums = [totals(*part) for part in parts]
    eaten = [each for taken, _ in parts for each in taken]
    return {
        "id": day, "day": day,
        "grams": round(sum(each.grams or 0.0 for each in eaten), 1),
        "unknown_grams": round(sum(each.grams or 0.0 for each in eaten if each.item is None), 1),
        "amounts": {
            each.key: round(sum(one[each.key].amount for one in sums), 3) for each in NUTRIENTS
        },
        "complete": all(one[each.key].known for one in sums for each in NUTRIENTS),
    }
