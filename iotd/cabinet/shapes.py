"""What routes of cabinets take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from iotd.cabinet.stock import MAX_COUNT
from iotd.site.bodies import Strict
from iotd.site.paging import Paging


def _name(text: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= 60 or not text.isprintable():
        raise ValueError("a name has 1 to 60 printable characters")
    if text.isdigit():
        raise ValueError("a name of digits alone would pass for an item's number")
    return text


def _code(text: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= 64 or not text.isascii() or not text.isprintable():
        raise ValueError("a barcode has 1 to 64 printable ASCII characters")
    return text


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("give a time with its zone, such as 2026-11-21T08:30:00Z")
    return moment


Name = Annotated[str, AfterValidator(_name)]
Code = Annotated[str, AfterValidator(_code)]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT, strict=True)]
Side = Annotated[float, Field(ge=0, le=100_000)]


class Lights(Strict):
    """On or off."""

    on: bool = Field(strict=True)


class NewItem(Strict):
    """A new item; ``low_at``: an alert when no more than that are left."""

    name: Name
    low_at: Count | None = None
    barcode: Code | None = None


class ItemChange(Strict):
    """What is left out stays; null takes limit or barcode away."""

    name: Name | None = None
    low_at: Count | None = None
    barcode: Code | None = None


class Correction(Strict):
    """How many there really are."""

    count: Count


class NewPhoto(Strict):
    """``image``: base64 of a JPEG, PNG or WebP; or ``box`` in a picture of the cabinet
    (``picture``: its number, else the newest), as left, top, width, height in pixels."""

    image: str | None = None
    picture: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    box: Annotated[list[Side], Field(min_length=4, max_length=4)] | None = None


class Upload(Strict):
    """``image``: base64 of a JPEG, PNG or WebP."""

    image: str


class PictureQuery(BaseModel):
    """Which picture: by number, or the newest at a time; without both the newest."""

    id: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    at: Annotated[datetime, AfterValidator(_aware)] | None = None


class JournalQuery(Paging):
    """A page of the journal, perhaps of one item."""

    item: Annotated[int, Field(ge=1, lt=2**63)] | None = None


class CabinetOut(BaseModel):
    """A cabinet. ``items``: how many of each are on the shelf; ``counts_state``: known,
    provisional (one picture said so) or unknown; ``phase``: rest, open, waiting (for a
    picture), counting or checking (by a second picture)."""

    id: str
    name: str
    items: dict[str, int]
    door: str
    weight_g: float | None
    lights: str
    last_picture_at: str | None
    connected: bool
    camera: str | None
    camera_state: str
    patient: str | None
    phase: str
    message: str
    counts_state: str


class CabinetList(BaseModel):
    """A page of cabinets."""

    items: list[CabinetOut]
    next: str | None


class VisitOut(BaseModel):
    """One opening and closing; weights in grams, ``taken_g`` before less after;
    ``changes``: count before and after of each item that the picture changed."""

    id: int
    opened_at: str | None
    before_g: float | None
    closed_at: str | None
    after_g: float | None
    taken_g: float | None
    picture_id: int | None
    picture: str | None
    changes: dict[str, list[int | None]]
    lights_off_at: str | None
    outcome: str


class VisitList(BaseModel):
    """A page of visits, the newest first."""

    items: list[VisitOut]
    next: str | None


class PhotoOut(BaseModel):
    """A reference photo; sizes in pixels; ``weak``: nothing can be known by it."""

    id: int
    width: int
    height: int
    weak: bool
    url: str


class PhotoList(BaseModel):
    """A page of photos."""

    items: list[PhotoOut]
    next: str | None


class ItemOut(BaseModel):
    """An item. ``count``: what was taken (null: never counted), ``provisional``: what one
    picture says against it, ``shown``: the number for people."""

    id: int
    name: str
    count: int | None
    shown: int
    provisional: int | None
    state: str
    count_from: str | None
    count_at: str | None
    checked_at: str | None
    low_at: int | None
    low: bool
    barcode: str | None
    photos: list[PhotoOut]


class ItemList(BaseModel):
    """A page of items."""

    items: list[ItemOut]
    next: str | None


class ChangeOut(BaseModel):
    """One line of the journal; ``cause``: counted, corrected or undone."""

    id: int
    item_id: int
    item: str
    at: str
    cause: str
    who: str
    before: int | None
    after: int | None
    picture_id: int | None
    undoes: int | None


class ChangeList(BaseModel):
    """A page of the journal, the newest first."""

    items: list[ChangeOut]
    next: str | None


class BoxOut(BaseModel):
    """One package found: its corners in pixels of the picture, clockwise."""

    item: str
    score: float
    corners: list[list[float]]


class BoxesOut(BaseModel):
    """What was found on the newest picture; ``state``: none (no picture), not counted,
    counted, dark or failed; ``seconds``: how long counting took."""

    picture: int | None
    url: str | None
    taken_at: str | None
    width: int | None
    height: int | None
    state: str
    note: str
    seconds: float | None
    boxes: list[BoxOut]


class CodeOut(BaseModel):
    """A barcode, and the item that has it."""

    code: str
    item: ItemOut | None


class CodeList(BaseModel):
    """The barcodes on a picture."""

    items: list[CodeOut]
    next: str | None
