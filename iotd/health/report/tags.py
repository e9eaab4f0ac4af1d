"""The structure of a document beside its pages: headings, tables and figures, for readers
that do not look (tagged PDF, ISO 32000-1, 14.7 and 14.8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterator

from reportlab.pdfbase import pdfdoc

from iotd.health.report.letters import clean


@dataclass
class Element:
    """One part: its kids are parts, and marks, which are a page and a number on it."""

    tag: str
    alt: str = ""
    summary: str = ""
    scope: str = ""
    box: tuple[float, float, float, float] | None = None
    kids: list[Element | tuple[int, int]] = field(default_factory=list)

    def add(self, tag: str, **more: Any) -> Element:
        """A new last part of it."""
        part = Element(tag, **more)
        self.kids.append(part)
        return part


class Tags:
    """The parts of one document, and what is marked on each page."""

    def __init__(self) -> None:
        self.root = Element("Document")
        self._marks: list[list[Element]] = []

    def mark(self, element: Element, page: int) -> str:
        """The operator that begins some content of a part; "EMC" ends it."""
        while len(self._marks) <= page:
            self._marks.append([])
        number = len(self._marks[page])
        self._marks[page].append(element)
        element.kids.append((page, number))
        return f"/{element.tag} <</MCID {number}>> BDC"

    def add_to(self, document: Any) -> None:
        """Put them into a reportlab document, and tell its pages."""
        names: dict[int, str] = {}
        for element in _all(self.root):
            names[id(element)] = f"part{len(names)}"
        root = pdfdoc.PDFDictionary({"Type": pdfdoc.PDFName("StructTreeRoot")})
        document.Reference(root, "parts")
        root.dict["K"] = pdfdoc.PDFArray([self._write(document, self.root, "parts", names)])
        root.dict["ParentTree"] = document.Reference(self._parents(document, names))
        root.dict["ParentTreeNextKey"] = len(self._marks)
        document.Catalog.StructTreeRoot = root
        document.Catalog.MarkInfo = pdfdoc.PDFDictionary({"Marked": "true"})
        for number, page in enumerate(document.Pages.pages):
            _open(page, number)

    def _write(
        self, document: Any, element: Element, parent: str, names: dict[int, str]
    ) -> Any:
        name = names[id(element)]
        kids = [
            self._write(document, kid, name, names) if isinstance(kid, Element)
            else _content(*kid)
            for kid in element.kids
        ]
        told = {
            "Type": pdfdoc.PDFName("StructElem"), "S": pdfdoc.PDFName(element.tag),
            "P": pdfdoc.PDFObjectReference(parent), "K": pdfdoc.PDFArray(kids),
        }
        if element.alt:
            told["Alt"] = pdfdoc.PDFString(clean(element.alt))
        attributes = _attributes(element)
        if attributes:
            told["A"] = pdfdoc.PDFDictionary(attributes)
        return document.Reference(pdfdoc.PDFDictionary(told), name)

    def _parents(self, document: Any, names: dict[int, str]) -> Any:
        numbers: list[Any] = []
        for page, elements in enumerate(self._marks):
            of_page = [pdfdoc.PDFObjectReference(names[id(each)]) for each in elements]
            numbers += [page, document.Reference(pdfdoc.PDFArray(of_page))]
        return pdfdoc.PDFDictionary({"Nums": pdfdoc.PDFArray(numbers)})


class _Page(pdfdoc.PDFPage):  # type: ignore[misc]
    """A page that knows its place among the marked ones."""

    __NoDefault__ = [*pdfdoc.PDFPage.__NoDefault__, "StructParents", "Tabs"]


def _open(page: Any, number: int) -> None:
    page.__class__ = _Page
    page.StructParents, page.Tabs = number, pdfdoc.PDFName("S")


def _all(element: Element) -> Iterator[Element]:
    yield element
    for kid in element.kids:
        if isinstance(kid, Element):
            yield from _all(kid)


def _content(page: int, number: int) -> Any:
    # reportlab calls its pages Page1 and so on
    return pdfdoc.PDFDictionary({
        "Type": pdfdoc.PDFName("MCR"), "MCID": number,
        "Pg": pdfdoc.PDFObjectReference(f"Page{page + 1}"),
    })


def _attributes(element: Element) -> dict[str, Any]:
    if element.scope:
        return {"O": pdfdoc.PDFName("Table"), "Scope": pdfdoc.PDFName(element.scope)}
    if element.summary:
        return {"O": pdfdoc.PDFName("Table"), "Summary": pdfdoc.PDFString(clean(element.summary))}
    if element.box:
        return {
            "O": pdfdoc.PDFName("Layout"), "Placement": pdfdoc.PDFName("Block"),
            "BBox": pdfdoc.PDFArray([round(each, 2) for each in element.box]),
        }
    return {}
