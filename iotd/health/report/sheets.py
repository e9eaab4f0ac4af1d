"""The pages of a report: reportlab's canvas, with a footer that knows how many there are."""

from __future__ import annotations

import io
from typing import Any, Callable

from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from iotd.health.report.letters import clean

WIDTH, HEIGHT = 595.28, 841.89  # points: A4
LEFT, RIGHT, TOP, BOTTOM = 51.0, WIDTH - 51.0, HEIGHT - 51.0, 71.0

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""

#: Draws the footer of a page: the canvas, its number from 1, and how many there are.
Footer = Callable[[Any, int, int], None]


class Sheets(Canvas):  # type: ignore[misc]
    """Keeps all pages until the last is known, then gives each its footer."""

    def __init__(self, title: str, footer: Footer) -> None:
        self.file = io.BytesIO()
        title = clean(title)
        super().__init__(
            self.file, pagesize=(WIDTH, HEIGHT), pageCompression=1, pdfVersion=(1, 7), lang="en"
        )
        self._footer = footer
        self._kept: list[dict[str, Any]] = []
        self._headings: list[tuple[int, str, int, float]] = []
        self.setTitle(title)
        self.setAuthor("")
        self.setSubject("")
        self.setCreator("iotd")
        self.setProducer("iotd")
        self.setViewerPreference("DisplayDocTitle", "true")
        self._doc.Catalog.Metadata = _metadata(title)

    def _make_preamble(self) -> None:
        # reportlab's own begins with a font that is not embedded
        self._preamble = "1 0 0 1 0 0 cm"

    @property
    def document(self) -> Any:
        """Reportlab's document, for fonts and tags."""
        return self._doc

    @property
    def page(self) -> int:
        """The present page, from 0."""
        return len(self._kept)

    def code(self, *operators: str) -> None:
        """Add PDF operators to the page."""
        self._code.extend(operators)

    def heading(self, text: str, level: int, y: float) -> None:
        """What the outline beside the pages leads to; ``level`` 1 to 3."""
        self._headings.append((self.page, clean(text), level, y))

    def showPage(self) -> None:
        """Put the page by and begin another."""
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def close(self, finish: Callable[[Any], None]) -> bytes:
        """Draw the footers; ``finish(document)`` adds what is outside of pages. The PDF."""
        self.showPage()
        kept = self._kept
        for number, page in enumerate(kept, 1):
            self.__dict__.update(page)
            self._footer(self, number, len(kept))
            self._outline(number - 1)
            super().showPage()
        finish(self._doc)
        # without another, empty page
        self._doc.SaveToFile(self._filename, self)
        return self.file.getvalue()

    def _outline(self, page: int) -> None:
        for place, (of_page, text, level, y) in enumerate(self._headings):
            if of_page == page:
                self.bookmarkHorizontal(f"heading{place}", 0, y)
                self.addOutlineEntry(text, f"heading{place}", level - 1)


def _metadata(title: str) -> Any:
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    kind = {"Type": pdfdoc.PDFName("Metadata"), "Subtype": pdfdoc.PDFName("XML")}
    return pdfdoc.PDFStream(
        pdfdoc.PDFDictionary(kind), _XMP.format(title=escaped).encode("utf-8"), []
    )
