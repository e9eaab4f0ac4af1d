"""Why the store can't be opened or used, in words for the person who keeps it."""

from __future__ import annotations

from iotd.errors import IotdError, Unavailable


class StoreError(IotdError):
    """Root of what keeps the store shut until a person acts."""


class SchemaNewer(StoreError):
    """A newer iotd wrote this database; this one would not understand it."""


class StoreDamaged(StoreError):
    """The database is broken or not iotd's; it was left as it is."""


class KeyRefused(StoreError):
    """The sealing key is readable by others, broken, or not the right one."""


class StoreUnavailable(StoreError, Unavailable):
    """The database, its folder or its server can't be reached now (503)."""
