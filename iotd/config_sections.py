"""The sections of the configuration: each key with its type, default and range.

A field's description says what is allowed; faults and the example file quote it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Iterator, Literal, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from iotd import config_checks as checks

ENDPOINTS = 'a list of endpoints such as ["tcp:8080"], ["tcp6:8080"], ["unix:/run/iotd/web.sock"]'

Endpoint = Annotated[str, AfterValidator(checks.check_endpoint)]
Endpoints = Annotated[tuple[Endpoint, ...], Field(strict=False, description=ENDPOINTS)]
Networks = tuple[Annotated[str, AfterValidator(checks.check_network)], ...]


def _whole(low: int, high: int, default: int, of: str = "") -> Any:
    allowed = f"a whole number{of} from {low} to {high}"
    return Field(default=default, ge=low, le=high, description=allowed)


def _path(value: Any) -> Any:
    if not isinstance(value, str) or not value or "\0" in value:
        return value
    return Path(value).expanduser()


def _no_file(path: Path) -> Path:
    if path.exists() and not path.is_dir():
        checks.wrong("it is a file")
    return Path.cwd() / path


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Site(_Section):
    """What people see of the installation."""

    name: Annotated[str, AfterValidator(checks.check_site_name)] = Field(
        default="iotd", description="1 to 64 printable characters"
    )
    timezone: Annotated[str, AfterValidator(checks.check_timezone)] = Field(
        default="UTC", description='an IANA name such as "Europe/Berlin"'
    )
    public_url: Annotated[str, AfterValidator(checks.check_public_url)] = Field(
        default="http://localhost:8080",
        description="http:// or https://, a host and perhaps a port",
    )


class Web(_Section):
    """Pages and the API."""

    listen: Endpoints = Field(
        default=("tcp:8080",),
        min_length=1,
        description=ENDPOINTS.replace("a list of", "a list of one or more"),
    )
    trusted_proxies: Networks = Field(
        default=(),
        strict=False,
        description='a list of addresses or networks such as ["10.0.0.0/8"]',
    )
    max_connections: int = _whole(1, 1_000_000, 8192)
    max_connections_per_address: int = _whole(1, 1_000_000, 4096)


class Devices(_Section):
    """The device wire, and enrolment on all wires."""

    listen: Endpoints = ("tcp:5001",)
    enrolment: Literal["approve", "open", "keyed"] = Field(
        default="approve", description='"approve", "open" or "keyed"'
    )
    poll_seconds: int = _whole(1, 3600, 30)
    max_message_bytes: int = _whole(64, 64 * 1024 * 1024, 1048576, " of bytes")
    silent_seconds: int = _whole(0, 86400, 900)
    max_connections: int = _whole(1, 1_000_000, 5000)
    max_connections_per_address: int = _whole(1, 1_000_000, 64)


class Cameras(_Section):
    """The camera wire."""

    listen: Endpoints = ("tcp:9001",)
    # the first byte of a keyed camera's header is 0, so lengths end at 2**24 - 1
    max_frame_bytes: int = _whole(64, 2**24 - 1, 4194304, " of bytes")
    on_demand: bool = Field(default=False, description="true or false")
    max_connections: int = _whole(1, 1_000_000, 5000)
    max_connections_per_address: int = _whole(1, 1_000_000, 64)


class Mqtt(_Section):
    """The broker that gates speak to."""

    broker: Annotated[str, AfterValidator(checks.check_broker)] = Field(
        default="embedded",
        description='"embedded", "mqtt://user:password@host:1883" or "mqtts://user:password@host"',
    )
    listen: Endpoint = Field(default="tcp:1883", description='an endpoint such as "tcp:1883"')
    legacy_topic: Annotated[str, AfterValidator(checks.check_topic)] = Field(
        default="sample", description='a topic without + and #, outside iotd/ and $, or "" for none'
    )
    discovery: Annotated[str, AfterValidator(checks.check_discovery)] = Field(
        default="", description='Home Assistant\'s prefix such as "homeassistant", or "" for none'
    )


class Campus(_Section):
    """Movements of students."""

    repeat_seconds: int = _whole(0, 86400, 180)
    min_rssi: int = _whole(-127, 0, -100)
    anonymous_counts: bool = Field(default=True, description="true or false")
    silent_seconds: int = _whole(30, 86400, 300)
    curfew: Annotated[str, AfterValidator(checks.check_curfew)] = Field(
        default="22:00", description='a time of day such as "22:00", or "" for none'
    )
    registration_days: int = _whole(0, 3650, 365)


class Alerts(_Section):
    """Who is told of alerts besides the pages."""

    smtp: Annotated[str, AfterValidator(checks.check_smtp)] = Field(
        default="", description='"", "smtp://user:password@host:587" or "smtps://…:465"'
    )
    mail_from: Annotated[str, AfterValidator(checks.check_sender)] = Field(
        default="", description='an e-mail address such as "iotd@example.org"'
    )
    mail_to: tuple[Annotated[str, AfterValidator(checks.check_mail)], ...] = Field(
        default=(), strict=False,
        description='a list of e-mail addresses such as ["family@example.org"]',
    )
    webhooks: tuple[Annotated[str, AfterValidator(checks.check_webhook)], ...] = Field(
        default=(), strict=False, description="a list of http:// or https:// addresses"
    )
    values: bool = Field(default=False, description="true or false")


class Accounts(_Section):
    """Who may have an account."""

    sign_up: Literal["approve", "open", "closed"] = Field(
        default="approve", description='"approve", "open" or "closed"'
    )


class Cabinet(_Section):
    """Counting what is in a cabinet."""

    detector: Annotated[str, AfterValidator(checks.check_detector)] = Field(
        default="", description='"", or the path of an ONNX file that is there'
    )
    detector_items: tuple[str, ...] = Field(
        default=(), strict=False,
        description='a list of item names, one for each class of the detector, "" to leave out',
    )


class Store(_Section):
    """The one database."""

    url: Annotated[str, AfterValidator(checks.check_store_url)] = Field(
        default=checks.Url("sqlite:///iotd.sqlite3"),
        description="sqlite:///file (relative to data_dir), sqlite:////file (absolute)"
        " or mysql+pymysql://user:password@host/database",
    )


class Config(_Section):
    """The whole configuration; ``iotd.config`` lists its attributes."""

    data_dir: Annotated[Path, BeforeValidator(_path), AfterValidator(_no_file)] = Field(
        default=Path("var"), validate_default=True, description="a directory"
    )
    site: Site = Site()
    web: Web = Web()
    devices: Devices = Devices()
    cameras: Cameras = Cameras()
    mqtt: Mqtt = Mqtt()
    campus: Campus = Campus()
    accounts: Accounts = Accounts()
    alerts: Alerts = Alerts()
    cabinet: Cabinet = Cabinet()
    store: Store = Store()

    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    def source(self, key: str) -> str:
        """Where a dotted key's value came from: a file and line, a variable, or "default"."""
        return self._sources.get(key, "default")

    def items(self) -> Iterator[tuple[str, Any, str]]:
        """Each dotted key with its value and where that came from."""
        for key in KINDS:
            value: Any = self
            for name in key.split("."):
                value = getattr(value, name)
            yield key, value, self.source(key)


def allowed_for(key: str) -> str | None:
    """What a dotted key may be, in words."""
    section, _, name = key.rpartition(".")
    model = Config.model_fields[section].annotation if section else Config
    return model.model_fields[name].description  # type: ignore[union-attr]


def _kinds() -> dict[str, type]:
    kinds: dict[str, type] = {"data_dir": str}
    for section, field in Config.model_fields.items():
        if section != "data_dir":
            for name, inner in field.annotation.model_fields.items():  # type: ignore[union-attr]
                kinds[f"{section}.{name}"] = _kind(inner.annotation)
    return kinds


def _kind(annotation: Any) -> type:
    kinds: dict[Any, type] = {tuple: tuple, Literal: str, None: annotation}
    return kinds[get_origin(annotation)]


KINDS = _kinds()  # dotted key -> str, int, bool or tuple
SECTIONS = tuple(name for name in Config.model_fields if name != "data_dir")
