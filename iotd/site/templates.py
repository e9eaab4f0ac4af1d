"""Pages from Jinja2 templates, compiled once at start and escaped always."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Mapping

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic_core import to_json

from iotd.site.routes import Identity


class Templates:
    """Renders a page with what every page gets: ``initial``, ``title``, ``asset``."""

    def __init__(
        self, folder: Path, address: Callable[[str], str], site: Mapping[str, Any]
    ) -> None:
        self._site = dict(site)
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
        )
        self._environment.globals["asset"] = address
        self._environment.policies["json.dumps_function"] = _dumps
        self._environment.policies["json.dumps_kwargs"] = {}
        for name in self._environment.list_templates(extensions=["html"]):
            self._environment.get_template(name)  # a broken one is told at start

    def render(
        self, template: str, identity: Identity | None, data: Mapping[str, Any], title: str
    ) -> bytes:
        """The page as UTF-8; ``data`` becomes part of ``initial``."""
        user = None if identity is None else {"name": identity.name, "role": identity.role}
        csrf = None if identity is None else identity.csrf
        initial = {"site": self._site, "user": user, "csrf": csrf, **data}
        # "here" names the tab that a page belongs to; pages set their own
        context = {"initial": initial, "title": title, "here": ""}
        return self._environment.get_template(template).render(context).encode()


def _dumps(value: Any) -> str:
    return to_json(value, inf_nan_mode="null").decode()
