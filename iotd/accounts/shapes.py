"""What the routes of this room take and answer, as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from iotd.site.bodies import Strict

# Caps of what is looked at, not rules: those are told in words by the model.
Name = Annotated[str, Field(max_length=256)]
Password = Annotated[str, Field(max_length=1024)]
Code = Annotated[str, Field(max_length=64)]
Line = Annotated[str, Field(max_length=512)]


class Credentials(BaseModel):
    username: Name
    password: Password
    otp: Code | None = None
    email: Line | None = None
    full_name: Line | None = None


class SetUp(Strict):
    token: Annotated[str, Field(max_length=256)]
    username: Name
    password: Password


class NewPassword(Strict):
    old: Password
    new: Password


class CodeShown(Strict):
    otp: Code


class CodeMaybeShown(Strict):
    otp: Code | None = None


class NewUser(Strict):
    name: Name
    role: str
    password: Password | None = None
    email: Line | None = None
    full_name: Line | None = None


class UserChange(Strict):
    role: str | None = None
    disabled: bool | None = None
    email: Line | None = None
    full_name: Line | None = None


class NewToken(Strict):
    name: Name
    role: str


class SessionMade(BaseModel):
    id: str
    csrf: str
    name: str
    role: str
    recovery_codes: list[str] | None = None


class WhoAmI(BaseModel):
    name: str
    role: str
    csrf: str | None
    totp: bool


class SessionShown(BaseModel):
    id: str
    address: str
    agent: str
    created_at: str
    seen_at: str
    current: bool


class SessionList(BaseModel):
    items: list[SessionShown]
    next: str | None


class EnrolmentShown(BaseModel):
    secret: str
    otpauth_uri: str
    qr_svg: str


class RecoveryCodes(BaseModel):
    recovery_codes: list[str]


class UserShown(BaseModel):
    id: int
    name: str
    role: str
    disabled: bool
    totp: bool
    created_at: str
    last_login_at: str | None
    email: str | None
    full_name: str
    state: str
    verified: bool
    national_id: bool
    asked_at: str | None


class UserMade(UserShown):
    password: str | None = None


class UserList(BaseModel):
    items: list[UserShown]
    next: str | None


class TokenShown(BaseModel):
    id: int
    name: str
    role: str
    created_by: str
    created_at: str
    last_used_at: str | None


class TokenMade(TokenShown):
    secret: str


class TokenList(BaseModel):
    items: list[TokenShown]
    next: str | None


class AuditRow(BaseModel):
    id: int
    at: str
    who: str
    action: str
    subject: str
    detail: str
    address: str
    result: str
    patient: str | None


class AuditList(BaseModel):
    items: list[AuditRow]
    next: str | None


class AuditTicket(BaseModel):
    """``ticket``: of a check that was begun; none begins another."""

    ticket: str | None = Field(None, max_length=20)


class AuditFault(BaseModel):
    id: int
    what: str


class AuditCheck(BaseModel):
    """``kept``: the newest row that is known outside the database; ``items``: a hundred faults."""

    ticket: str
    running: bool
    rows: int
    of: int
    faults: int
    items: list[AuditFault]
    kept: int | None
