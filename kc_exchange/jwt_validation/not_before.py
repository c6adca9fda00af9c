"""Keep not-before policies: what was issued earlier is void."""

from __future__ import annotations

from collections import OrderedDict

_MOST_USERS = 10_000
_realms: dict[str, int] = {}
_users: OrderedDict[tuple[str, str], int] = OrderedDict()


def refuse_issued_before(issuer: str, instant: int, subject: str = "") -> bool:
    """Refuse the tokens of `issuer` whose `iat` is before `instant` (epoch seconds).

    With a `subject` (`sub`), that user's alone. Return whether that is later than what
    was known.

    A realm has such a policy, and each of its users: that of a user who was logged out
    by an administrator. It only ever rises, and holds for this process.
    """
    if instant <= not_before(issuer, subject):
        return False
    if not subject:
        _realms[issuer] = instant
        return True
    _users[issuer, subject] = instant
    _users.move_to_end((issuer, subject))
    if len(_users) > _MOST_USERS:
        _users.popitem(last=False)
    return True


def not_before(issuer: str, subject: str = "") -> int:
    """Return the instant, in seconds since the epoch; 0 where there is none."""
    return max(_realms.get(issuer, 0), _users.get((issuer, subject), 0))


def forget() -> None:
    """Drop every policy."""
    _realms.clear()
    _users.clear()
