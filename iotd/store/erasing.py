"""What was deleted is to be in no file any more, as far as a database allows."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlalchemy import URL

from iotd.store import connect


def empty_log(url: URL) -> bool:
    """Copy SQLite's log into its database and empty it: pages in it are older than deletions.

    Blocks, up to five seconds while others read or write; whether it could. Databases that
    are no file have logs of their own, and True here.
    """
    if not connect.is_sqlite(url):
        return True
    try:
        with closing(sqlite3.connect(url.database or "", timeout=connect.BUSY_SECONDS)) as opened:
            (busy, *_) = opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:
        return False
    return not busy
