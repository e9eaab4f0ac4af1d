"""Lines of CSV that a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
import io
from typing import Any, Iterable, Sequence


def lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV in UTF-8 with CRLF (RFC 4180); no cell is taken for a formula."""
    out = io.StringIO()
    csv.writer(out).writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


#: What a spreadsheet runs that opens the file; the last four are those of full width.
_RUN = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def _safe(cell: Any) -> Any:
    if isinstance(cell, str) and cell.lstrip(" \u3000").startswith(_RUN):
        return "'" + cell
    return cell
