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


def _safe(cell: Any) -> Any:
    # what begins so is run by a spreadsheet that opens the file
    if isinstance(cell, str) and cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + cell
    return cell
