"""Who people are beyond their account, in memory: names, verified doctors, addresses."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from iotd.accounts.model import User
from iotd.accounts.profile_model import ACTIVE, ASKED, Profile, email_key

NOBODY = "?"


class Profiles:
    """Profiles by account id. An account without one is active and verified: it was made
    by an admin, on the command line, or before there were profiles."""

    def __init__(self, users: Mapping[int, User]) -> None:
        self._users = users
        self._profiles: dict[int, Profile] = {}
        self._owners: dict[str, int] = {}  # by claimed e-mail

    def load(self, profiles: Iterable[Profile]) -> None:
        """Take over what the store remembers."""
        self._profiles, self._owners = {}, {}
        for profile in profiles:
            self.keep(profile)

    def get(self, user_id: int) -> Profile:
        """What is known of this account's person."""
        return self._profiles.get(user_id) or Profile(user_id)

    def name_of(self, user_id: int) -> str:
        """What to call a person: the full name, else the account's; "?" for nobody."""
        user = self._users.get(user_id)
        if user is None:
            return NOBODY
        return self.get(user_id).full_name or user.name

    def is_active(self, user_id: int) -> bool:
        """Whether the account was let in, if it had to ask."""
        return user_id in self._users and self.get(user_id).state == ACTIVE

    def is_verified(self, user_id: int) -> bool:
        """Whether an admin vouches for who this is; asked of doctors, true of all others
        who were let in."""
        user = self._users.get(user_id)
        return user is not None and self.is_active(user_id) and self._vouched(user)

    def doctors(self) -> list[dict[str, Any]]:
        """Those whom patients can choose: verified and able to sign in, by id."""
        found = (one for _, one in sorted(self._users.items()) if one.role == "doctor")
        return [
            {"id": one.id, "name": one.name, "full_name": self.name_of(one.id)}
            for one in found if not one.disabled and self.is_verified(one.id)
        ]

    def shown(self, user: User) -> dict[str, Any]:
        """The account with what is known of its person, as pages and scripts see it."""
        known = self.get(user.id).as_json(self._vouched(user))
        return {**user.as_json(), **known}

    def owner_of(self, email: str) -> int | None:
        """Whose this address is: the account that claimed it, else the first that waits
        to be let in with it."""
        key = email_key(email)
        if key in self._owners:
            return self._owners[key]
        waiting = (one for one in self.asked() if one.email and email_key(one.email) == key)
        return next((one.user_id for one in waiting), None)

    def claimant(self, email: str) -> int | None:
        """The account that alone has this address, if one does."""
        return self._owners.get(email_key(email))

    def asked(self) -> list[Profile]:
        """Those who wait to be let in, the oldest first."""
        return [one for _, one in sorted(self._profiles.items()) if one.state == ASKED]

    def keep(self, profile: Profile) -> None:
        """Remember a profile as it is now."""
        self.drop(profile.user_id)
        self._profiles[profile.user_id] = profile
        if profile.email is not None and profile.claimed:
            self._owners[email_key(profile.email)] = profile.user_id

    def drop(self, user_id: int) -> None:
        """Forget a person who is gone."""
        known = self._profiles.pop(user_id, None)
        if known is not None and known.email is not None and known.claimed:
            self._owners.pop(email_key(known.email), None)

    def _vouched(self, user: User) -> bool:
        known = self._profiles.get(user.id)
        return known is None or user.role != "doctor" or known.verified_at is not None
