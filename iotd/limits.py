"""How many files this process may have open, and how many a configuration wants."""

from __future__ import annotations

import resource

from iotd.config import Config

# listeners, the store's files and threads, pages read from disk
OWN_FILES = 128


def files_wanted(config: Config) -> int:
    """Open files when every listener is as full as the configuration allows."""
    wires = (config.web, config.devices, config.cameras)
    return OWN_FILES + sum(wire.max_connections for wire in wires)


def raise_files_allowed() -> int:
    """Lift this process's limit as far as it may without help; gives the limit in effect."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return hard
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        # macOS calls its limit unlimited and refuses that; a sandbox may refuse any change
        return soft
    return hard


def files_warning(config: Config) -> str | None:
    """One sentence when the limit is lower than what the configuration wants."""
    wanted = files_wanted(config)
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if allowed in (resource.RLIM_INFINITY, -1) or wanted <= allowed:
        return None
    return (
        f"max_connections of [web], [devices] and [cameras] want {wanted} open files in all,"
        f" but a process may open {allowed} here: raise that (LimitNOFILE in the unit)"
        " or lower them."
    )
