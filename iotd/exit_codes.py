"""What an exit code says, of the daemon and of the command line alike."""

from __future__ import annotations

from iotd.errors import IotdError, TooMany, Unavailable

FAULT = 1
BAD_USE = 2  # or a faulty configuration
DAMAGED = 3
NEEDS_UPGRADE = 4
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h
INTERRUPTED = 130  # 128 + SIGINT, as shells say it

# by name, so that telling a code loads neither store nor configuration
_CODES = {
    "ConfigFaults": BAD_USE,
    "BadSettings": BAD_USE,
    "StoreDamaged": DAMAGED,
    "KeyRefused": DAMAGED,
    "SchemaNewer": NEEDS_UPGRADE,
    "StoreUnavailable": TRY_AGAIN,
    "Unavailable": TRY_AGAIN,
    "TooMany": TRY_AGAIN,
}


def exit_code(error: IotdError) -> int:
    """The code for an error, or for what a daemon answered (``error.kind``)."""
    known = _CODES.get(kind_of(error))
    if known is not None:
        return known
    return TRY_AGAIN if isinstance(error, (Unavailable, TooMany)) else FAULT


def kind_of(error: IotdError) -> str:
    """The name of an error's class, here or in the daemon that answered it."""
    return str(getattr(error, "kind", type(error).__name__))
