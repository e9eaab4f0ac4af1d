"""Health reports as CSV, a line for each result: it can be imported again."""

from __future__ import annotations

from typing import Any, Iterable, Iterator

from iotd.site.csv_lines import lines

HEAD = (
    "date", "analyte", "name", "value", "unit", "flag", "usual_range", "laboratory_low",
    "laboratory_high", "fasting", "computed", "laboratory", "loinc", "given_value", "given_unit",
)
_FASTING = {None: "", True: "yes", False: "no"}


def as_csv(reports: Iterable[dict[str, Any]]) -> bytes:
    """Reports as the API shows them, in the order given."""
    return lines([HEAD]) + lines(_rows(reports))


def _rows(reports: Iterable[dict[str, Any]]) -> Iterator[list[Any]]:
    for report in reports:
        for key, value in report["values"].items():
            own = value["range_kind"] == "laboratory"
            given = value["given"] or {"value": "", "unit": ""}
            yield [
                report["date"], key, value["name"], f"{value['comparator'] or ''}"
                f"{_number(value['value'])}", value["unit"], value["flag"] or "",
                value["range_text"] or "", _number(value["low"]) if own else "",
                _number(value["high"]) if own else "", _FASTING[value["fasting"]],
                "yes" if value["computed"] else "no", report["laboratory"], value["loinc"],
                _number(given["value"]), given["unit"],
            ]


def _number(value: Any) -> str:
    return "" if value in (None, "") else f"{value:.10g}"
