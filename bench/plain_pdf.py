"""The yardstick of reports: reportlab alone, as its guide shows it, in a process of its own.

Buckets as JSON on stdin, a PDF of a table and four charts on stdout: standard fonts that need
no embedding, no tags, no shaping, nothing that wraps.
"""

from __future__ import annotations

import json
import sys

from reportlab.graphics import renderPDF
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

KINDS = ("heart_rate", "body_temperature", "spo2", "bp_systolic")


def main() -> None:
    """One PDF."""
    items = json.load(sys.stdin)["items"]
    canvas = Canvas(sys.stdout.buffer, pagesize=A4)
    canvas.setFont("Helvetica", 9)
    top = A4[1] - 50
    for kind in KINDS:
        found = [item for item in items if item["kind"] == kind]
        canvas.drawString(50, top, f"{kind}: {len(found)} days")
        if found:
            plot = LinePlot()
            plot.width, plot.height = 480, 120
            plot.data = [
                [(place, item[name]) for place, item in enumerate(found)]
                for name in ("min", "median", "max")
            ]
            drawing = Drawing(490, 140)
            drawing.add(plot)
            renderPDF.draw(drawing, canvas, 50, top - 150)
        top -= 180
    canvas.showPage()
    canvas.save()


if __name__ == "__main__":
    main()
