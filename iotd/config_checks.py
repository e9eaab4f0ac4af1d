"""What a single value of the configuration must be: endpoints, zones, URLs, networks.

Each check takes the text and gives it back, or raises :class:`Wrong`.
"""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

from pydantic_core import PydanticCustomError
from twisted.internet import endpoints

from iotd.config_faults import masked, nearest
from iotd.tls import endpoint as tls

_ENDPOINT_KINDS = ("tcp", "tcp6", "ssl", "unix", "tls", "systemd", "haproxy")
_HOST = re.compile(
    r"^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$"
)

_MAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*\Z", re.ASCII,
)


class Url(str):
    """A URL that may hold a password: itself for use, masked in any ``repr``."""

    def __repr__(self) -> str:
        return repr(masked(self))


def wrong(reason: str, near: str | None = None) -> NoReturn:
    """Refuse a value: the reason, and what was probably meant."""
    raise PydanticCustomError("wrong", "{reason}", {"reason": reason, "near": near})


def check_endpoint(text: str) -> str:
    """A listener as Twisted's endpoint string, parsed but not bound."""
    kind = text.partition(":")[0]
    try:
        endpoint = _parsed(text)
    except Exception as problem:
        wrong(*_why_no_endpoint(text, kind, problem))
    _readable(endpoint)
    port, _ = bound_to(endpoint)
    if port is not None and not 0 <= port <= 65535:
        wrong(f"port {port} is not from 0 to 65535")
    if getattr(endpoint, "_address", None) == "":
        wrong("it has no path")
    return text


def bound_to(endpoint: Any) -> tuple[int | None, str]:
    """The TCP port and address that an endpoint will bind; no port for other kinds."""
    if isinstance(endpoint, tls.TlsEndpoint):
        return endpoint.port, endpoint.interface
    inner = getattr(endpoint, "_wrappedEndpoint", None) or getattr(endpoint, "endpoint", None)
    if inner is not None:
        return bound_to(inner)
    return getattr(endpoint, "_port", None), getattr(endpoint, "_interface", "")


def port_of(text: str) -> int | None:
    """The TCP port of a good endpoint string; None for other kinds, 0 for any port."""
    return bound_to(_parsed(text))[0]


def same_port(one: str, other: str) -> int | None:
    """The port that two endpoint strings, both good, can't share; None when they can."""
    port, here = bound_to(_parsed(one))
    other_port, there = bound_to(_parsed(other))
    if not port or port != other_port:
        return None
    clash = here == there or "::" in (here, there) or _covers(here, there) or _covers(there, here)
    return port if clash else None


def check_timezone(text: str) -> str:
    """A name of the IANA zone table that this machine knows."""
    try:
        zoneinfo.ZoneInfo(text)
    except Exception:
        if text != "UTC":
            wrong("", _nearest_zone(text))
    return text


def check_site_name(text: str) -> str:
    """One to 64 printable characters."""
    if not 1 <= len(text) <= 64 or not text.isprintable() or text != text.strip():
        wrong("")
    return text


def check_public_url(text: str) -> str:
    """The address people open, without a trailing slash."""
    parts = _split(text)
    if parts.scheme not in ("http", "https"):
        wrong(f"its scheme is {parts.scheme!r}" if parts.scheme else "it has no scheme")
    if parts.username is not None:
        wrong("it holds a user name")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        wrong("it goes on after the host; pages lie at /", f"{parts.scheme}://{parts.netloc}")
    return text.rstrip("/")


def check_broker(text: str) -> str:
    """``embedded``, or the URL of an MQTT broker."""
    if text == "embedded":
        return text
    if "://" not in text:
        wrong("", nearest(text, ["embedded"]))
    parts = _split(text)
    if parts.scheme not in ("mqtt", "mqtts"):
        wrong(f"its scheme is {parts.scheme!r}")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        wrong("it goes on after the port")
    return Url(text)


def check_smtp(text: str) -> str:
    """The URL of a mail server, or nothing."""
    if not text:
        return text
    parts = _split(text)
    if parts.scheme not in ("smtp", "smtps"):
        wrong(f"its scheme is {parts.scheme!r}" if parts.scheme else "it has no scheme")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        wrong("it goes on after the port")
    return Url(text)


def check_webhook(text: str) -> str:
    """An address that takes alerts by POST; it may hold a secret."""
    parts = _split(text)
    if parts.scheme not in ("http", "https"):
        wrong(f"its scheme is {parts.scheme!r}" if parts.scheme else "it has no scheme")
    return Url(text)


def check_mail(text: str) -> str:
    """One plain e-mail address, without a name."""
    local = text.partition("@")[0]
    if not _MAIL.match(text) or len(text) > 254 or len(local) > 64:
        wrong("it is no plain address")
    return text


def check_sender(text: str) -> str:
    """An e-mail address, or nothing."""
    return check_mail(text) if text else text


def check_detector(text: str) -> str:
    """The path of a file that can be read, or nothing; made absolute."""
    if not text:
        return text
    path = Path.cwd() / Path(text).expanduser()
    try:
        with path.open("rb"):
            pass
    except (OSError, ValueError) as problem:
        wrong(getattr(problem, "strerror", None) or "it is no path")
    return str(path)


def check_topic(text: str) -> str:
    """A topic to hear, or nothing; wildcards would hear the daemon's own."""
    if any(each in text for each in "+#\0"):
        wrong("it has a wildcard")
    if len(text.encode()) > 200 or text.startswith(("$", "iotd/")):
        wrong("")
    return text


def check_discovery(text: str) -> str:
    """The first level of Home Assistant's discovery topics, or nothing; below iotd/ are gates."""
    if text == "iotd":
        wrong("its topics are the gates'")
    if text and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        wrong("")
    return text


def check_curfew(text: str) -> str:
    """A time of day, hours and minutes, or nothing."""
    if text and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        wrong("")
    return text


def check_store_url(text: str) -> str:
    """A SQLite file or a MySQL database, as SQLAlchemy writes them."""
    # 0.25 s of loading that commands without a store's URL don't wait for
    from sqlalchemy.engine import make_url

    scheme = text.partition("://")[0]
    if scheme not in ("sqlite", "mysql+pymysql"):
        near = {"sqlite3": "sqlite", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}
        wrong(f"its scheme is {scheme!r}" if "://" in text else "", near.get(scheme))
    try:
        url = make_url(text)
    except Exception:
        wrong("it can't be read")
    if scheme == "sqlite" and (url.host or url.database in (None, "", ":memory:")):
        wrong("it names no file")
    if scheme == "mysql+pymysql" and not (url.host and url.database):
        wrong("it names no host" if not url.host else "it names no database")
    return Url(text)


def check_network(text: str) -> str:
    """An address or a network of proxies whose X-Forwarded-For is believed."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        try:
            near = str(ipaddress.ip_network(text, strict=False))
        except ValueError:
            near = None
        wrong("", near)
    return text


def _parsed(text: str) -> Any:
    if tls.is_tls(text):
        return tls.parse(text)
    # without a reactor: parsing needs none, and nothing here listens
    return endpoints.serverFromString(None, text)  # type: ignore[no-untyped-call]


def _readable(endpoint: Any) -> None:
    """The files that it names: whether they fit is told when the daemon starts."""
    files = getattr(endpoint, "files", None)
    for path in () if files is None else filter(None, vars(files).values()):
        try:
            with path.open("rb"):
                pass
        except OSError as problem:
            wrong(f"{path}: {problem.strerror}")


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        wrong("its port is no number from 1 to 65535" if "[" not in text else "it can't be read")
    if port == 0:
        wrong("its port is no number from 1 to 65535")
    if parts.scheme and not _HOST.match(parts.hostname or ""):
        wrong("it names no host")
    return parts


def _why_no_endpoint(text: str, kind: str, problem: Exception) -> tuple[str, str | None]:
    if text.isdigit():
        return "it has no kind", f"tcp:{text}"
    if kind not in _ENDPOINT_KINDS:
        near = nearest(kind, _ENDPOINT_KINDS)
        return f"{kind!r} is no kind of endpoint", near and near + text[len(kind):]
    if kind == "systemd":
        return "systemd passed no such socket", None
    if isinstance(problem, OSError):
        return f"{problem.filename}: {problem.strerror}", None
    option = re.search(r"keyword argument '(.*)'", str(problem))
    if option:
        return f"it has no option {option[1]!r}", None
    if isinstance(problem, TypeError):
        return "it lacks a part" if "missing" in str(problem) else "it has too many parts", None
    return _plain(problem), None


def _plain(problem: Exception) -> str:
    digits = re.search(r"invalid literal for int\(\) with base \d+: (.*)", str(problem))
    return f"{digits[1]} is not a number" if digits else str(problem)[:120] or "it can't be read"


def _covers(wide: str, narrow: str) -> bool:
    return wide == "" and ":" not in narrow


def _nearest_zone(text: str) -> str | None:
    zones = zoneinfo.available_timezones()
    by_city = {zone.rpartition("/")[2]: zone for zone in sorted(zones)}
    near = nearest(text, zones) or by_city.get(nearest(text, by_city) or "")
    return near
