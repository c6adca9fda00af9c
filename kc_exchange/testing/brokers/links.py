"""Keep users' accounts at identity providers, and the users made for them."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import Json, Link
    from kc_exchange.testing.model import Realm, User


class LinkStore:
    """Change which accounts a realm's users have, safely across threads."""

    def __init__(self, realm: Realm) -> None:
        self.lock = threading.RLock()
        self._realm = realm
        self._made: set[str] = set()
        self._before: dict[str, dict[str, Link]] = {}

    def user(self, alias: str, user_id: str) -> User | None:
        """Return the user who has that account at the provider, or None."""
        for user in self._realm.users.values():
            link = user.links.get(alias)
            if link is not None and link.user_id == user_id:
                return user
        return None

    def make(self, user: User) -> None:
        """Add a user who was not in the realm before."""
        with self.lock:
            self._made.add(user.id)
            # Another thread may be looking through the users as they were.
            self._realm.users = {**self._realm.users, user.id: user}

    def join(self, user: User, alias: str, link: Link) -> None:
        """Give the user this account at the provider, in place of any other."""
        with self.lock:
            self._before.setdefault(user.id, dict(user.links))
            user.links[alias] = link

    def store(self, user: User, alias: str, reply: Json | None) -> None:
        """Keep the provider's reply with the user's account there; None forgets it."""
        self.join(user, alias, replace(user.links[alias], reply=reply))

    def reset(self) -> None:
        """Have the users and accounts of the export again."""
        with self.lock:
            users = self._realm.users.items()
            self._realm.users = {id_: u for id_, u in users if id_ not in self._made}
            for user_id, links in self._before.items():
                if user_id in self._realm.users:
                    self._realm.users[user_id].links = links
            self._made.clear()
            self._before.clear()
