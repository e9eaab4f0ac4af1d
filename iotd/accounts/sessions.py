"""Sessions and tokens in memory: asked on every request, so never the store."""

from __future__ import annotations

import math
from typing import Iterable

from iotd.accounts.model import Session, Token, hash_secret
from iotd.bus import Bus, SessionEnded
from iotd.site.routes import Identity

# A browser that signs in again and again without its cookie must not fill the
# memory; the oldest session of that account makes room.
MOST_SESSIONS = 1000


class LiveSessions:
    """Who is signed in. Tells the bus of each session or token that ends."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._sessions: dict[str, Session] = {}
        self._tokens: dict[str, Token] = {}
        self._touched: dict[str, float] = {}
        self._used: dict[int, float] = {}
        self._next_expiry = math.inf

    def load(self, sessions: Iterable[Session], tokens: Iterable[Token]) -> None:
        """Take over what the store remembers."""
        for session in sessions:
            self.add(session)
        for token in tokens:
            self.add_token(token)

    def add(self, session: Session) -> None:
        """A session that begins."""
        self._sessions[session.id] = session
        self._next_expiry = min(self._next_expiry, session.expires_at)

    def add_token(self, token: Token) -> None:
        """A token that may be used from now on."""
        self._tokens[token.secret_hash] = token

    def identify(self, secret: str, now: float) -> Identity | None:
        """Whose cookie this is; counts as a use of the session."""
        session = self._sessions.get(hash_secret(secret))
        if session is None or session.expires_at <= now:
            return None
        session.seen_at = max(session.seen_at, now)
        self._touched[session.id] = session.seen_at
        return Identity(session.name, session.role, session.id, session.user_id, session.csrf)

    def identify_token(self, secret: str, now: float) -> Identity | None:
        """Whose bearer token this is."""
        token = self._tokens.get(hash_secret(secret))
        if token is None:
            return None
        token.last_used_at = self._used[token.id] = now
        return Identity(token.name, token.role, token.session)

    def still_valid(self, identity: Identity, now: float) -> bool:
        """Whether the session or token lives; being asked does not prolong it."""
        session = self._sessions.get(identity.session)
        if session is not None:
            return session.expires_at > now
        return any(token.session == identity.session for token in self._tokens.values())

    def of_user(self, user_id: int) -> list[Session]:
        """The sessions of one account, the newest first."""
        own = [one for one in self._sessions.values() if one.user_id == user_id]
        return sorted(own, key=lambda one: one.created_at, reverse=True)

    def tokens(self) -> list[Token]:
        """All tokens by name."""
        return sorted(self._tokens.values(), key=lambda token: token.name)

    def surplus(self, user_id: int) -> list[str]:
        """The ids of the oldest sessions of an account that has too many."""
        return [one.id for one in self.of_user(user_id)[MOST_SESSIONS:]]

    def expired(self, now: float) -> list[str]:
        """The ids of sessions whose time is over; cheap while there are none."""
        if now < self._next_expiry:
            return []
        over = [one.id for one in self._sessions.values() if one.expires_at <= now]
        living = (one.expires_at for one in self._sessions.values() if one.expires_at > now)
        self._next_expiry = min(living, default=math.inf)
        return over

    def end(self, ids: Iterable[str]) -> None:
        """Forget these sessions and tell the bus."""
        for session_id in ids:
            self._touched.pop(session_id, None)
            if self._sessions.pop(session_id, None) is not None:
                self._bus.publish(SessionEnded(session_id))

    def end_of(self, user_id: int, keep: str | None = None) -> None:
        """Forget the sessions of an account but the one to ``keep``."""
        self.end([one.id for one in self.of_user(user_id) if one.id != keep])

    def end_token(self, token: Token) -> None:
        """Forget a token and tell the bus."""
        self._used.pop(token.id, None)
        if self._tokens.pop(token.secret_hash, None) is not None:
            self._bus.publish(SessionEnded(token.session))

    def take_uses(self) -> tuple[dict[str, float], dict[int, float]]:
        """When which session and token was used since the last call."""
        touched, self._touched = self._touched, {}
        used, self._used = self._used, {}
        return touched, used
