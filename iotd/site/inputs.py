"""What a request carries, made into the models that its route declares."""

from __future__ import annotations

import json
import math
from typing import Any, Container, Iterable, NoReturn
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from twisted.web.http import Request

from iotd.site.problems import Refusal
from iotd.site.routes import Route

MAX_FIELDS = 100  # of a query
MAX_DEPTH = 64  # of nested lists and objects in a body
JSON_TYPE = "application/json"
#: What programs call a file they know nothing of, and Windows a CSV: read as what is wanted.
#: Forms are not among them: no page of ours sends one, pages of others can.
UNDECLARED = frozenset({
    "", "text/plain", "application/octet-stream", "application/csv", "application/vnd.ms-excel",
})


def read_query(request: Request, route: Route) -> Any:
    """The route's query model; None without one. Raises Refusal 422 or 400."""
    pairs = _pairs(request.uri.partition(b"?")[2])
    known = _names(route.query) if route.query is not None else {}
    if route.kind == "api":  # pictures and pages are often asked for with a cache-buster
        _check_known(pairs, known)
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values and name in known:
            raise Refusal(422, f"{name} is given more than once.", name)
        values[name] = value
    if route.query is None:
        return None
    # ``?fps=&width=`` of a stream: an empty field is none
    strict = route.kind == "api"
    given = {name: value for name, value in values.items() if name in known and (value or strict)}
    try:
        return route.query.model_validate_strings(given)
    except ValidationError as error:
        raise _wrong(error, known) from None


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise Refusal(400, "The query of the address can't be read.") from None
    if any("\0" in name + value for name, value in pairs):
        raise Refusal(400, "The query of the address contains a NUL.")
    return pairs


def _check_known(pairs: Iterable[tuple[str, str]], known: Iterable[str]) -> None:
    for name, _ in pairs:
        if name not in known:
            allowed = ", ".join(sorted(known)) or "nothing"
            quoted = name[:40]
            raise Refusal(422, f"{quoted} is not known here; known: {allowed}.", quoted)


def _names(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def read_body(request: Request, route: Route) -> Any:
    """The route's body model or bytes; None without one. Raises Refusal 400, 415 or 422."""
    content: Any = request.content
    raw: bytes = content.read()
    kind = request.getHeader(b"content-type")
    if route.raw is not None:
        # application/fhir+json and the like are JSON, and many say no more than that (RFC 6839)
        also = {*UNDECLARED, JSON_TYPE} if route.raw.endswith("+json") else UNDECLARED
        _check_type(kind or b"", route.raw, also)
        return raw
    if kind is not None or (raw and route.body is not None):
        _check_type(kind or b"", JSON_TYPE)
    if route.body is None:
        return None
    raw = raw or b"{}"
    check_json(raw)
    try:
        return route.body.model_validate_json(raw)
    except ValidationError as error:
        raise _wrong(error, _names(route.body)) from None


def _check_type(kind: bytes, wanted: str, also: Container[str] = ()) -> None:
    media, *parameters = kind.decode("latin-1").lower().split(";")
    media, charset = media.strip(), [each for each in parameters if "charset" in each]
    known = media == wanted or media in also
    if not known or any(each.replace('"', "").strip() != "charset=utf-8" for each in charset):
        raise Refusal(415, f"The body must be {wanted} in UTF-8.")


def check_json(raw: bytes) -> Any:
    """What a body says; refuse (400) what readers of JSON disagree on: NaN, twin keys, deep
    nests."""
    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=_once, parse_constant=_no_constant,
            parse_float=_finite,
        )
        deep = _deeper_than(value, MAX_DEPTH)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"The body is not JSON: {_reason(error)}.") from None
    if deep:
        raise Refusal(400, f"The body is not JSON: more than {MAX_DEPTH} levels deep.")
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, _Doubtful):
        return str(error)
    return "too deep, or a number too long"


class _Doubtful(ValueError):
    """JSON that different readers take differently."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        raise _Doubtful("a key comes twice in one object")
    return seen


def _no_constant(text: str) -> NoReturn:
    raise _Doubtful(f"{text} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Doubtful("a number is too large")
    return number


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [
            inner
            for outer in layer if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not layer:
            return False
    return any(isinstance(each, (dict, list)) for each in layer)


def _wrong(error: ValidationError, known: Iterable[str]) -> Refusal:
    """The first fault as the problem's field and sentence, all of them as "errors"."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return Refusal(400, "The body is not JSON.")
    faults = [(_dotted(each["loc"]), _sentence(each, known)) for each in found[:20]]
    field, detail = faults[0]
    extra = {} if len(faults) == 1 else {
        "errors": [{"field": each, "detail": said} for each, said in faults]
    }
    return Refusal(422, detail, field, extra=extra)


def _dotted(loc: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in loc)[:100]


def _sentence(fault: Any, known: Iterable[str]) -> str:
    where = _dotted(fault["loc"]) or "The body"
    message = fault["msg"]
    if fault["type"] == "missing":
        return f"{where} is missing."
    if fault["type"] == "extra_forbidden":
        among = f"; known: {', '.join(sorted(known))}" if len(fault["loc"]) == 1 else ""
        return f"{where} is not known here{among}."
    for start in ("Value error, ", "Assertion failed, "):
        message = message.removeprefix(start)
    if message.startswith("Input should"):
        return f"{where} {message.removeprefix('Input ')}."
    return f"{where}: {message}."
