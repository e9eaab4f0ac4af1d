"""The headers that every response carries, and the cookie of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twisted.web.http import Request

COOKIE = b"iotd_session"

CSP = b"; ".join((
    b"default-src 'none'",
    b"script-src 'self'",
    b"style-src 'self'",
    b"img-src 'self' blob: data:",
    b"connect-src 'self'",
    b"font-src 'self'",
    b"form-action 'self'",
    b"base-uri 'none'",
    b"frame-ancestors 'none'",
))
PERMISSIONS = b", ".join((
    *(
        name + b"=()"
        for name in (
            b"accelerometer", b"camera", b"display-capture", b"geolocation", b"gyroscope",
            b"magnetometer", b"microphone", b"midi", b"payment", b"usb",
        )
    ),
    b"serial=(self)",  # the dialog that writes boards asks for a port, and the person chooses it
))
ALWAYS = (
    (b"Server", b"iotd"),
    (b"Content-Security-Policy", CSP),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Referrer-Policy", b"no-referrer"),
    (b"Cross-Origin-Opener-Policy", b"same-origin"),
    (b"Cross-Origin-Resource-Policy", b"same-origin"),
    (b"Permissions-Policy", PERMISSIONS),
    (b"X-Frame-Options", b"DENY"),
    (b"Cache-Control", b"no-store"),
)
HSTS = (b"Strict-Transport-Security", b"max-age=31536000")


def security_headers(secure: bool) -> list[tuple[bytes, bytes]]:
    """The full set; HSTS only where the client came by TLS that others vouch for."""
    return [*ALWAYS, HSTS] if secure else list(ALWAYS)


def set_session_cookie(request: Request, token: str, max_age: int | None = None) -> None:
    """Give the browser its session; Secure when it came by TLS."""
    request.addCookie(
        COOKIE,
        token,
        path="/",
        max_age=max_age if max_age is None else str(max_age),
        secure=request.isSecure(),
        httpOnly=True,
        sameSite="lax",
    )
    # twisted writes it in lower case; programs that compare text know "Lax"
    request.cookies[-1] = request.cookies[-1].replace(b"SameSite=lax", b"SameSite=Lax")


def clear_session_cookie(request: Request) -> None:
    """Take the session's cookie from the browser."""
    set_session_cookie(request, "", 0)
