"""What mails to people say. They never hold health data, and a secret only where that
is what the mail is for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Callable

from iotd.mail import Mail


@dataclass(frozen=True)
class Letters:
    """``address`` is where the pages are, ``site_name`` what the site is called."""

    address: Callable[[], str]
    site_name: str

    def forgotten(self, to: str, name: str, token: str) -> Mail:
        """The address under which a new password is chosen."""
        return self._mail(to, "a new password", [
            f"Somebody, perhaps you, asked for a new password for the account {name}.", "",
            "To choose one, open this address within 30 minutes; it works once:",
            f"{self._page('/reset')}#{token}", "",
            "If it was not you, do nothing: your password stays as it is.",
        ])

    def taken(self, to: str, name: str) -> Mail:
        """To the owner of an address with which somebody asks for an account."""
        return self._mail(to, "your e-mail address", [
            "Somebody, perhaps you, asked for an account with this e-mail address.",
            f"You have one already: {name}. Sign in with it at {self._page('/login')}", "",
            f"Is the password forgotten? {self._page('/forgot')}",
            "If it was not you, do nothing: nobody gets into your account by this.",
        ])

    def let_in(self, to: str, name: str) -> Mail:
        """To somebody who waited."""
        return self._mail(to, "you are let in", [
            f"Your account {name} is open now. Sign in at {self._page('/login')}",
        ])

    def _mail(self, to: str, about: str, lines: list[str]) -> Mail:
        text = "\n".join(lines) + "\n"
        return Mail(secrets.token_hex(16), to, f"{self.site_name}: {about}", text)

    def _page(self, path: str) -> str:
        return self.address().rstrip("/") + path
