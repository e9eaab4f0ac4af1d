"""What the routes of signing up, profiles and forgotten passwords take and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from iotd.accounts.shapes import Line, Name, Password, UserShown
from iotd.site.bodies import Strict


class SignUp(Strict):
    role: Annotated[str, Field(max_length=16)]
    username: Name
    password: Password
    email: Line | None = None
    full_name: Line | None = None
    national_id: Annotated[str, Field(max_length=256)] | None = None


class SignUpMade(BaseModel):
    id: int
    name: str
    role: str
    state: str


class SignUpShown(BaseModel):
    id: int
    name: str
    role: str
    email: str | None
    full_name: str
    national_id: bool
    asked_at: str | None
    address: str
    email_taken: bool


class SignUpList(BaseModel):
    items: list[SignUpShown]
    next: str | None


class NationalId(BaseModel):
    national_id: str


class Forgotten(Strict):
    name: Line


class Forgot(BaseModel):
    detail: str


class NewByToken(Strict):
    token: Annotated[str, Field(max_length=256)]
    password: Password


class OwnShown(UserShown):
    recovery_codes_left: int


class OwnChange(Strict):
    password: Password
    email: Line | None = None
    full_name: Line | None = None


class OwnRemoval(Strict):
    password: Password


class DoctorShown(BaseModel):
    id: int
    name: str
    full_name: str


class DoctorList(BaseModel):
    items: list[DoctorShown]
    next: str | None
