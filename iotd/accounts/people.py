"""Accounts and tokens as admins keep them."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Iterable

from iotd.accounts import changes
from iotd.accounts.model import (
    User, check_name, check_role, hash_secret, new_password, new_secret,
)
from iotd.accounts.passwords import check_password
from iotd.accounts.profile_changes import About
from iotd.accounts.profile_model import Profile, check_email, check_full_name
from iotd.accounts.profiles import Profiles
from iotd.accounts.shared import By, Shared, to_its_end
from iotd.errors import NotFound

#: What has to go before an account does; it raises to keep the account.
BeforeRemoval = Callable[[User, By], Awaitable[None]]


def checked_about(email: str | None, full_name: str | None) -> About:
    """What is to be known of a person, or Invalid; None leaves it, "" takes it away."""
    return About(
        check_email(email) if email else email,
        check_full_name(full_name) if full_name else full_name,
    )


class People:
    """Who has an account; a copy of the table is kept in memory for the pages."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._users: dict[int, User] = {}
        self.profiles = Profiles(self._users)
        self.before_removal: list[BeforeRemoval] = []
        self._leaving: set[int] = set()

    def load(self, users: Iterable[User]) -> None:
        """Take over what the store remembers."""
        self._users.clear()
        self._users.update({user.id: user for user in users})

    def __len__(self) -> int:
        return len(self._users)

    def spelling(self, name: str) -> str | None:
        """An account's name as it was made, or None when nobody has it."""
        found = self._called(name)
        return found.name if found is not None else None

    def sought(self, text: str) -> User | None:
        """Whose name this is, else whose e-mail; None when it is nobody's."""
        found = self._called(text)
        if found is not None:
            return found
        owner = self.profiles.owner_of(text)
        return self._users.get(owner) if owner is not None else None

    def _called(self, name: str) -> User | None:
        wanted = name.lower()
        return next((one for one in self._users.values() if one.name.lower() == wanted), None)

    def get(self, user_id: int) -> User:
        """The account with this id, or NotFound."""
        if user_id not in self._users:
            raise NotFound(f"There is no user {user_id}.")
        return self._users[user_id]

    def named(self, name: str) -> User:
        """The account of this name, or NotFound."""
        found = self._called(name)
        if found is None:
            raise NotFound(f"There is no user {name[:64]!r}.")
        return found

    def all(self) -> list[dict[str, Any]]:
        """Every account as pages and scripts see it, by name."""
        users = sorted(self._users.values(), key=lambda user: user.name.lower())
        return [self.profiles.shown(user) for user in users]

    def keep(self, user: User) -> dict[str, Any]:
        """Remember an account as it is now."""
        self._users[user.id] = user
        return self.profiles.shown(user)

    def shown(self, user_id: int) -> dict[str, Any]:
        """One account as pages and scripts see it, or NotFound."""
        return self.profiles.shown(self.get(user_id))

    def drop(self, user_id: int) -> None:
        """Forget an account that is gone, and what was tried on it."""
        user = self._users.pop(user_id, None)
        self.profiles.drop(user_id)
        self._shared.sessions.end_of(user_id)
        if user is not None:
            self._forget_tries(user)
            self._shared.tries.estrange(user.name.lower())

    @to_its_end
    async def set_up(
        self, name: str, password: str, address: str = ""
    ) -> dict[str, Any]:
        """Make the first admin; Conflict when somebody was faster."""
        check_password(password, check_name(name, "username"))
        hashed = await self._shared.passwords.hash(password)
        by = self._shared.by(name, address)
        return self.keep(
            await self._shared.store.run(changes.add_first_admin, by, name, hashed)
        )

    @to_its_end
    async def add(
        self, name: str, role: str, password: str | None, by: str, address: str = "",
        email: str | None = None, full_name: str | None = None,
    ) -> dict[str, Any]:
        """Make an account. Without a password one is made up and told as "password"."""
        check_role(role)
        about = checked_about(email or None, full_name or None)
        made = new_password() if password is None else check_password(password, check_name(name))
        hashed = await self._shared.passwords.hash(made)
        told = self._keep_both(await self._shared.store.run(
            changes.add_user, self._shared.by(by, address), check_name(name), role, hashed, about
        ))
        return told if password is not None else {**told, "password": made}

    @to_its_end
    async def change(
        self, user_id: int, role: str | None, disabled: bool | None, by: str, address: str = "",
        email: str | None = None, full_name: str | None = None,
    ) -> dict[str, Any]:
        """Give an account another role, shut it out, or let it in again; or another e-mail
        or full name, of which "" takes away what there was."""
        if role is not None:
            check_role(role)
        before, about = self.get(user_id), checked_about(email, full_name)
        changed: tuple[User, Profile | None] = await self._shared.store.run(
            changes.change_user, self._shared.by(by, address), user_id, role, disabled, about
        )
        user = changed[0]
        if (user.role, user.disabled) != (before.role, before.disabled):
            self._shared.sessions.end_of(user_id)
        return self._keep_both(changed)

    def is_leaving(self, user_id: int) -> bool:
        """Whether an account is gone or about to go: nothing more may be hung on it."""
        return user_id in self._leaving

    @to_its_end
    async def remove(self, user_id: int, by: str, address: str = "") -> None:
        """Delete an account and all that hangs on it; Conflict for the last admin."""
        user, who = self.get(user_id), self._shared.by(by, address)
        self._leaving.add(user_id)
        try:
            # written, not read: what was hung on it before is on disk, and known, after this
            await self._shared.store.run(changes.must_be_removable, user_id)
            for hook in tuple(self.before_removal):
                await hook(user, who)
            await self._shared.store.run(changes.remove_user, who, user_id)
        except BaseException:
            if user_id in self._users:  # and not removed by somebody else meanwhile
                self._leaving.discard(user_id)
            raise
        self.drop(user_id)

    @to_its_end
    async def reset(self, user_id: int, by: str, address: str = "") -> dict[str, Any]:
        """A new "password", told this once; no second factor, no sessions, no waiting."""
        made = new_password()
        hashed = await self._shared.passwords.hash(made)
        user = await self._shared.store.run(
            changes.reset_user, self._shared.by(by, address), user_id, hashed
        )
        self._shared.sessions.end_of(user_id)
        self._forget_tries(user)
        return {**self.keep(user), "password": made}

    @to_its_end
    async def add_token(
        self, name: str, role: str, by: str, address: str = ""
    ) -> dict[str, Any]:
        """Make a bearer token; its "secret" is told this once."""
        check_role(role)
        secret = new_secret()
        token = await self._shared.store.run(
            changes.add_token, self._shared.by(by, address), check_name(name), role,
            hash_secret(secret),
        )
        self._shared.sessions.add_token(token)
        return {**token.as_json(), "secret": secret}

    @to_its_end
    async def revoke_token(self, token_id: int, by: str, address: str = "") -> None:
        """Delete a token and end what it holds open."""
        token = await self._shared.store.run(
            changes.revoke_token, self._shared.by(by, address), token_id
        )
        self._shared.sessions.end_token(token)

    def _keep_both(self, changed: tuple[User, Profile | None]) -> dict[str, Any]:
        if changed[1] is not None:
            self.profiles.keep(changed[1])
        return self.keep(changed[0])

    def _forget_tries(self, user: User) -> None:
        account, codes = changes.keys_of(user)
        self._shared.tries.forget(account)
        self._shared.codes.forget(codes)
