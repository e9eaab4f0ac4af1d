"""A forgotten password: an address by mail, and a new password against it."""

from __future__ import annotations

from iotd.accounts import reset_records
from iotd.accounts.model import User, hash_secret, new_secret
from iotd.accounts.passwords import check_password
from iotd.accounts.people import People
from iotd.accounts.people_mails import Letters
from iotd.accounts.post import Post
from iotd.accounts.shared import Shared, to_its_end


class Resets:
    """Where there is no mail server nothing is mailed, and an admin resets passwords."""

    def __init__(self, shared: Shared, people: People, post: Post, letters: Letters) -> None:
        self._shared, self._people = shared, people
        self._post, self._letters = post, letters

    def ask(self, name: str, address: str = "") -> None:
        """Mail a token to the account of this name or e-mail, if it can be; TooMany.

        All of it happens after this, so neither words nor time say whether there is one.
        """
        self._shared.let_ask("forgotten password", address)
        if self._post.is_there:
            self._post.follow(self._mail_token(name, address), "mailing a new password")

    async def _mail_token(self, name: str, address: str) -> None:
        user, token = self._reachable(name), new_secret()
        by = self._shared.by("?", address)
        user_id = user.id if user is not None else None
        # the store is asked for names that nobody has too, to take as long
        made = await self._shared.store.run(
            reset_records.begin, by, user_id, hash_secret(token)
        )
        email = self._people.profiles.get(user.id).email if user is not None else None
        if made and user is not None and email is not None:
            await self._post.deliver(self._letters.forgotten(email, user.name, token))

    def _reachable(self, name: str) -> User | None:
        """The account, when a mail to it is one to its owner."""
        user, profiles = self._people.sought(name), self._people.profiles
        if user is None or user.disabled or not profiles.is_active(user.id):
            return None
        return user if profiles.get(user.id).claimed else None

    @to_its_end
    async def reset(self, token: str, password: str, address: str = "") -> None:
        """A new password against a token; Denied when the token is not good, Invalid for a
        password that is not, after which the token is good still. The telephone stays."""
        self._shared.let_ask("reset password", address)
        hashed_token, by = hash_secret(token), self._shared.by("?", address)
        user = await self._shared.store.read(reset_records.whose, hashed_token, by.at)
        check_password(password, user.name)
        hashed = await self._shared.passwords.hash(password)
        user = await self._shared.store.run(reset_records.spend, by, hashed_token, hashed)
        self._shared.sessions.end_of(user.id)
        self._shared.tries.forget(user.name.lower())
        self._people.keep(user)
