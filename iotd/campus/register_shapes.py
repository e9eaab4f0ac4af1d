"""What the register's routes take and answer, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from iotd.campus.statistics_shapes import Looking
from iotd.campus.students import check_rollno, check_text, check_year
from iotd.errors import Invalid
from iotd.site.bodies import Strict
from iotd.site.paging import TextPaging


def _year(value: Any) -> Any:
    return check_year(str(value) if type(value) in (str, int) else "")


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("give a time with its zone, such as 2026-11-21T08:30:00Z")
    return moment


RollNo = Annotated[str, AfterValidator(check_rollno)]
Year = Annotated[int, BeforeValidator(_year)]
Text = Annotated[str, Field(max_length=256), AfterValidator(check_text)]
Address = Annotated[str, Field(max_length=64)]
Moment = Annotated[datetime, AfterValidator(_aware)]


class Wanted(Looking):
    """Which students: words that all occur, where they are, and their categories."""

    q: Annotated[str, Field(max_length=64)] | None = None
    state: Literal["inside", "outside", "unknown"] | None = None


class StudentsQuery(Wanted, TextPaging):
    """The same in pages by roll number."""


class NewStudent(Strict):
    """A new student."""

    rollno: RollNo
    year: Year
    branch: Text = ""
    stream: Text = ""
    hostel: Text = ""
    gender: Text = ""
    mac: Address | None = None


class StudentChange(Strict):
    """What is to be changed."""

    rollno: RollNo | None = None
    year: Year | None = None
    branch: Text | None = None
    stream: Text | None = None
    hostel: Text | None = None
    gender: Text | None = None

    def given(self) -> dict[str, Any]:
        """What was said; Invalid for a null."""
        given = self.model_dump(exclude_unset=True)
        for name, value in given.items():
            if value is None:
                raise Invalid(f"{name} can't be null.", name)
        return given


class NewMac(Strict):
    """A MAC; ``expires_at`` null: for ever, left out: as it is."""

    mac: Address
    expires_at: Moment | None = None


class NewBadge(Strict):
    """A badge or other feature, as its reader names it."""

    uid: Annotated[str, Field(max_length=128)]
    method: Literal["rfid", "fingerprint", "face"]


class Registration(Strict):
    """A student's own device."""

    rollno: Annotated[str, Field(max_length=64)]
    code: Annotated[str, Field(max_length=64)]
    mac: Address


class ImportQuery(BaseModel):
    """Whether only to look."""

    preview: bool = False


class IdentifierOut(BaseModel):
    """``local``: the device has made this address up, and may make up another."""

    id: str
    kind: str
    tail: str
    added_at: str
    added_by: str
    expires_at: str | None
    expired: bool
    local: bool


class StudentOut(BaseModel):
    """``macs``: the last two digits of each; ``id`` is the roll number."""

    id: str
    rollno: str
    year: int
    branch: str
    stream: str
    hostel: str
    gender: str
    identifiers: list[IdentifierOut]
    macs: list[str]
    state: Literal["inside", "outside", "unknown"]
    last_movement_at: str | None


class StudentList(BaseModel):
    items: list[StudentOut]
    next: str | None


class CodeOut(BaseModel):
    """A code, readable here and never again."""

    id: str
    code: str
    expires_at: str


class RegistrationOut(BaseModel):
    """What was registered; ``renewed``: it had been before."""

    id: str
    rollno: str
    tail: str
    expires_at: str | None
    local: bool
    renewed: bool


class FaultOut(BaseModel):
    line: int
    column: str
    value: str
    reason: str


class ImportOut(BaseModel):
    """What a file did; ``rows``: the first fifty of what it changes, with what was before.

    ``held``: how many of the faults are MACs that other roll numbers have.
    """

    added: int
    changed: int
    unchanged: int
    macs: int
    faults: list[FaultOut]
    faults_in_all: int
    held: int
    rows: list[dict[str, Any]]
    applied: bool


class ProgressOut(BaseModel):
    """How far an import is; ``total`` 0: not known."""

    phase: Literal["none", "reading", "comparing", "saving"]
    done: int
    total: int


class ErasedOut(BaseModel):
    """What is gone, and what the office must know of copies."""

    erased: dict[str, Any]
    backups: list[str]
    notice: str
