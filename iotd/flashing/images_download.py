"""One file over HTTPS, whole and with the SHA-256 it must have, or not at all."""

from __future__ import annotations

import hashlib
import http.client
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, BinaryIO, Callable

from iotd.errors import Conflict, Unavailable
from iotd.flashing.image_catalogue import Pinned
from iotd.flashing.images_check import LARGEST
from iotd.flashing.images_keep import whole

CHUNK = 64 * 1024
SILENT_SECONDS = 20.0
#: A slow line brings 2 MB in this time.
WHOLE_SECONDS = 300.0


class _OnlyEncrypted(urllib.request.HTTPRedirectHandler):
    """Follows to https:// and nowhere else."""

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any,
                         newurl: str) -> Any:
        if not newurl.startswith("https://"):
            raise urllib.error.URLError(f"it leads to {newurl[:80]}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(
    pinned: Pinned, target: Path, progress: Callable[[int, int], None],
    context: ssl.SSLContext | None = None, seconds: float = WHOLE_SECONDS,
) -> None:
    """Fetch the pinned file to ``target``, which is there whole or as it was. Blocks;
    Unavailable when it can't be had now, Conflict when it is not the file that was pinned."""
    with whole(target) as file:
        digest = _fetch(pinned, file, progress, context, time.monotonic() + seconds)
        if digest != pinned.sha256:
            raise Conflict(
                f"{pinned.url} is not the file it was: its SHA-256 is {digest}, and {pinned.sha256}"
                " is expected. It was thrown away; nothing was written.", "image",
            )


def _fetch(
    pinned: Pinned, file: BinaryIO, progress: Callable[[int, int], None],
    context: ssl.SSLContext | None, until: float,
) -> str:
    if not pinned.url.startswith("https://"):
        raise Unavailable(f"{pinned.url} is not https: nothing is fetched from there.")
    tls = urllib.request.HTTPSHandler(context=context or ssl.create_default_context())
    opener = urllib.request.build_opener(tls, _OnlyEncrypted)
    asked = urllib.request.Request(pinned.url, headers={"User-Agent": "iotd"})
    try:
        with opener.open(asked, timeout=SILENT_SECONDS) as answer:
            return _copy(answer, file, pinned, progress, until)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ssl.SSLError,
            ConnectionError) as problem:
        raise _away(pinned, str(getattr(problem, "reason", problem) or problem)) from None


def _copy(
    answer: Any, file: BinaryIO, pinned: Pinned, progress: Callable[[int, int], None],
    until: float,
) -> str:
    total = pinned.size or _length(answer.headers.get("Content-Length") or "")
    digest, done = hashlib.sha256(), 0
    # read1: what has come, so that a dribble does not outlast the time there is
    while chunk := answer.read1(CHUNK):
        done += len(chunk)
        if done > (pinned.size or LARGEST):
            raise _away(pinned, "more came than the file has")
        if time.monotonic() > until:
            raise _away(pinned, "it took too long")
        digest.update(chunk)
        file.write(chunk)
        progress(done, max(total, done))
    if done < total:
        raise _away(pinned, f"it broke off after {done:,} of {total:,} bytes")
    return digest.hexdigest()


def _length(told: str) -> int:
    """0 for what is no number: the digest tells whether all of it came."""
    return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else 0


def _away(pinned: Pinned, why: str) -> Unavailable:
    return Unavailable(
        f"{pinned.url} could not be fetched: {why[:200].rstrip('.')}. Download it where it can"
        " be had and bring it: iotd image add FILE"
    )
