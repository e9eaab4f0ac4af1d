"""Tables of the report, as Markdown and as JSON."""

from __future__ import annotations

import os
import platform
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Iterable, Sequence


@dataclass
class Table:
    """One part of the report: cells are text already; ``aims`` are sentences with a verdict."""

    title: str
    columns: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    aims: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        """One row."""
        self.rows.append([str(cell) for cell in cells])

    def aim(self, what: str, got: float, most: float | None = None, least: float | None = None,
            unit: str = "") -> None:
        """State an aim, what was measured, and whether it holds."""
        holds = (most is None or got <= most) and (least is None or got >= least)
        bound = f"at most {most:,g}" if most is not None else f"at least {least:,g}"
        self.aims.append(f"{what}: {_short(got)}{unit}, aim {bound}{unit}: "
                         f"{'**holds**' if holds else '**missed**'}")

    def markdown(self) -> str:
        """The table under its title."""
        head = [f"### {self.title}", "", _line(self.columns), _line("---" for _ in self.columns)]
        body = [_line(row) for row in self.rows]
        words = [f"- {text}" for text in (*self.aims, *self.notes)]
        return "\n".join([*head, *body, *([""] if words else []), *words, ""])


def machine() -> str:
    """One line on where this was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, Linux "
            f"{platform.release()}, Python {platform.python_version()}, "
            f"load {load:.1f} at the start")


def as_dicts(tables: Iterable[Table]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [asdict(table) for table in tables]


def median(values: Iterable[float]) -> float:
    """The middle one of several rounds."""
    return statistics.median(list(values))


def percent(share: float) -> str:
    """0.0123 as 1.23 %."""
    return f"{share * 100:.2f} %"


def megabytes(size: float) -> str:
    """Bytes as MB, one decimal."""
    return f"{size / 1e6:.1f}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
