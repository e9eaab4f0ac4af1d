"""OpenAPI 3.1, written from the same routes that the app serves."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Iterable, Mapping

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

import iotd
from iotd.site.problems import TITLES
from iotd.site.routes import Route

_PARAMETER = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
_KINDS = {"int": "integer", "float": "number"}
REF = "#/components/schemas/{model}"

PROBLEM = {
    "type": "object",
    "description": "RFC 9457, with the offending field in dotted form.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}
SECURITY = {
    "session": {"type": "apiKey", "in": "cookie", "name": "iotd_session"},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
    "token": {"type": "http", "scheme": "bearer"},
}
MEDIA = {"page": "text/html", "api": "application/json", "plain": "*/*", "stream": "*/*"}


def describe(routes: Iterable[Route], rights: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """The whole document; ``rights`` gives the roles of each route's name."""
    known = sorted(routes, key=lambda each: (each.path, each.method))
    schemas, shared = _schemas(known)
    paths: dict[str, dict[str, Any]] = {}
    for each in known:
        operation = _operation(each, schemas, rights)
        paths.setdefault(path_of(each), {})[each.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "iotd", "version": iotd.__version__},
        "paths": paths,
        "components": {
            "schemas": {**shared, "Problem": PROBLEM},
            "securitySchemes": SECURITY,
        },
    }


def path_of(known: Route) -> str:
    """The path as OpenAPI writes it: ``/cameras/{id}``."""
    return _PARAMETER.sub(r"{\2}", known.path)


Key = tuple[type[BaseModel], JsonSchemaMode]


def _schemas(routes: list[Route]) -> tuple[dict[Key, Any], dict[str, Any]]:
    wanted: dict[Key, None] = {}
    for each in routes:
        for model, mode in ((each.query, "validation"), (each.body, "validation"),
                            (each.answer, "serialization")):
            if model is not None:
                wanted[model, mode] = None  # type: ignore[index]
    return _schemas_of(tuple(wanted))


@cache  # a quarter of a second: once in a process that builds many sites, as tests do
def _schemas_of(wanted: tuple[Key, ...]) -> tuple[dict[Key, Any], dict[str, Any]]:
    found: Any
    found, document = models_json_schema(list(wanted), ref_template=REF)
    return dict(found), document.get("$defs", {})


def _operation(
    known: Route, schemas: Mapping[Key, Any], rights: Mapping[str, Iterable[str]]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": known.name,
        "summary": known.summary,
        "tags": [known.name.split(".")[0]],
        "parameters": [*_path_parameters(known), *_query_parameters(known)],
        "responses": _responses(known, schemas),
        "security": _security(known, rights),
    }
    if known.name in rights:
        operation["x-roles"] = sorted(rights[known.name])
    if known.body is not None:
        schema = schemas[known.body, "validation"]
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    elif known.raw is not None:
        operation["requestBody"] = {"content": {known.raw: {}}}
    return operation


def _path_parameters(known: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True,
         "schema": {"type": _KINDS.get(kind, "string")}}
        for kind, name in _PARAMETER.findall(known.path)
    ]


def _query_parameters(known: Route) -> list[dict[str, Any]]:
    return [] if known.query is None else _parameters_of(known.query)


@cache
def _parameters_of(query: type[BaseModel]) -> list[dict[str, Any]]:
    schema = query.model_json_schema(ref_template=REF)
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": kind}
        for name, kind in schema.get("properties", {}).items()
    ]


def _responses(known: Route, schemas: Mapping[Key, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": known.summary or "Done"}
    if known.answer is not None:
        schema = schemas[known.answer, "serialization"]
        answer["content"] = {"application/json": {"schema": schema}}
    elif known.kind != "api":
        answer["content"] = {MEDIA[known.kind]: {}}
    problem = {"schema": {"$ref": REF.format(model="Problem")}}
    responses = {str(known.status): answer}
    for status in _refusals(known):
        responses[str(status)] = {
            "description": TITLES.get(status, "Refused"),
            "content": {"application/problem+json": problem},
        }
    return responses


def _refusals(known: Route) -> list[int]:
    statuses = {401, 403, 429, 500, 503}
    if "<" in known.path:
        statuses.add(404)
    if known.query is not None or known.body is not None:
        statuses |= {400, 422}
    if known.method not in ("GET", "HEAD"):
        statuses |= {409, 413, 415}
    return sorted(statuses)


def _security(known: Route, rights: Mapping[str, Iterable[str]]) -> list[dict[str, Any]]:
    if "*" in rights.get(known.name, ()):
        return []
    writes = known.method not in ("GET", "HEAD")
    return [{"session": [], "csrf": []} if writes else {"session": []}, {"token": []}]
