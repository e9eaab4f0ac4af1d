"""The site's certificates put together: their folder, their names, who is warned."""

from __future__ import annotations

from typing import Any, Callable
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred

from iotd.accounts.records import write_audit
from iotd.bus import AlertWanted, Bus
from iotd.config import Config
from iotd.store.engine import Store
from iotd.tls.endpoint import is_tls, parse
from iotd.tls.folder import Folder
from iotd.tls.service import Certificates

FOLDER = "tls"  # in data_dir


def missing(config: Config) -> str | None:
    """One sentence when listeners want the site's own certificates and there are none."""
    listed = {
        "web.listen": config.web.listen, "devices.listen": config.devices.listen,
        "cameras.listen": config.cameras.listen, "mqtt.listen": (config.mqtt.listen,),
    }
    wanting = [
        key for key, texts in listed.items()
        if any(is_tls(text) and parse(text).files is None for text in texts)
    ]
    if not wanting or Folder(config.data_dir / FOLDER).exists:
        return None
    return f"{', '.join(wanting)}: there is no certificate yet. Make it with `iotd cert`."


def certificates_of(
    *, config: Config, store: Store, bus: Bus, clock: Any, now: Callable[[], float],
    in_thread: Callable[..., Deferred[Any]], metrics: CollectorRegistry,
) -> Certificates:
    """For listeners and for ``iotd cert``."""

    def warn(key: str, text: str, active: bool) -> None:
        bus.publish(AlertWanted(key, None, None, "certificate", "warning", text, active))

    def audit(by: str, detail: str) -> Deferred[Any]:
        return store.run(write_audit, now(), by, "make certificates", FOLDER, detail)

    return Certificates(
        folder=config.data_dir / FOLDER, site=config.site.name,
        public=urlsplit(config.site.public_url).hostname, clock=clock, now=now,
        in_thread=in_thread, metrics=metrics, warn=warn, audit=audit,
    )
