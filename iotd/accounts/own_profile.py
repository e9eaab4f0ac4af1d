"""What people see and change of their own person, and how they leave."""

from __future__ import annotations

from typing import Any

from iotd.accounts import profile_changes, records
from iotd.accounts.login import Login
from iotd.accounts.model import User
from iotd.accounts.people import People, checked_about
from iotd.accounts.shared import Shared, to_its_end
from iotd.errors import Denied
from iotd.site.routes import Identity


class OwnProfile:
    """Acts of a signed-in person; a bearer token has no account of its own."""

    def __init__(self, shared: Shared, people: People, login: Login) -> None:
        self._shared, self._people, self._login = shared, people, login

    async def show(self, who: Identity) -> dict[str, Any]:
        """The account as its owner sees it, with how many recovery codes are left."""
        user = self._user(who)
        left = await self._shared.store.read(records.count_recovery_codes, user.id)
        return {**self._people.shown(user.id), "recovery_codes_left": left}

    @to_its_end
    async def change(
        self, who: Identity, password: str, email: str | None, full_name: str | None,
        address: str = "",
    ) -> dict[str, Any]:
        """Another e-mail or full name, against the password: by the e-mail a forgotten
        password is replaced. A doctor's name is what an admin verified, so it is the admin's."""
        user, by = self._user(who), self._shared.by(who.name, address)
        about = checked_about(email, full_name)
        if user.role == "doctor" and full_name not in (None, self._known(user).full_name):
            raise Denied("An admin changes the name of a doctor.", "full_name")
        if email:
            self._shared.let_ask("change e-mail", address)  # it tells whether one is taken
        await self._login.prove(user, password, by, "change profile", "password")
        profile = await self._shared.store.run(
            profile_changes.change_about, by, user.id, about
        )
        if profile is not None:
            self._people.profiles.keep(profile)
        return await self.show(who)

    @to_its_end
    async def remove(self, who: Identity, password: str, address: str = "") -> None:
        """Delete one's own account, with all that hangs on it, against the password.
        Conflict for the last admin."""
        user, by = self._user(who), self._shared.by(who.name, address)
        await self._login.prove(user, password, by, "remove user", "password")
        await self._people.remove(user.id, who.name, address)

    def _known(self, user: User) -> Any:
        return self._people.profiles.get(user.id)

    def _user(self, who: Identity) -> User:
        if who.user_id is None:
            raise Denied("A token has no account of its own; sign in with a name.")
        return self._people.get(who.user_id)
