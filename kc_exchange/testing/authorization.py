"""Keep admin permissions of version 1, and evaluate them as Keycloak does.

They are the resources, policies and permissions of the client `realm-management`, as
a realm export lists them in its `authorizationSettings`.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kc_exchange.testing.model import RoleKey

logger = logging.getLogger(__name__)

PERMISSIONS = ("scope", "resource")
CLIENT_POLICY = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Say on whose behalf a permission is evaluated: a client, a user or both."""

    client_id: str = ""
    username: str = ""
    roles: frozenset[RoleKey] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Describe a policy or a permission, in the words of its export."""

    name: str
    kind: str
    negative: bool = False
    strategy: str = "UNANIMOUS"
    config: Mapping[str, str] = field(default_factory=dict)

    def listed(self, key: str) -> list[Any]:
        """Return the members of the named setting, which is a JSON list as text."""
        found: list[Any] = json.loads(self.config.get(key) or "[]")
        return found


def _by_client(policy: Policy, asker: Asker) -> bool:
    return asker.client_id in policy.listed("clients")


def _by_user(policy: Policy, asker: Asker) -> bool:
    return asker.username in policy.listed("users")


def _by_role(policy: Policy, asker: Asker) -> bool:
    entries = policy.listed("roles")
    held = [_role(entry["id"]) in asker.roles for entry in entries]
    must = [has for has, entry in zip(held, entries, strict=True) if entry["required"]]
    return any(held) and all(must)


def _role(name: str) -> RoleKey:
    owner, slash, role = name.rpartition("/")
    return (owner if slash else "", role)


POLICIES: dict[str, Callable[[Policy, Asker], bool]] = {
    CLIENT_POLICY: _by_client,
    "role": _by_role,
    "user": _by_user,
}


class Authorization:
    """Hold a realm's resources, policies and permissions."""

    def __init__(self) -> None:
        self.resources: set[str] = set()
        self.policies: dict[str, Policy] = {}
        self._added: dict[str, Policy | None] = {}

    def add(self, policy: Policy) -> None:
        """Take a policy or a permission in."""
        self.policies[policy.name] = policy

    def restricts(self, permission: str) -> bool:
        """Tell whether the permission is there and has a policy."""
        found = self.policies.get(permission)
        return found is not None and bool(found.listed("applyPolicies"))

    def allows(self, resource: str, scope: str, asker: Asker) -> bool:
        """Tell whether every permission for that scope of the resource grants it.

        Where there is none, nothing is granted.
        """
        concerned = [
            policy
            for policy in self.policies.values()
            if policy.kind in PERMISSIONS
            and resource in policy.listed("resources")
            and (policy.kind == "resource" or scope in policy.listed("scopes"))
        ]
        return bool(concerned) and all(self._granted(p, asker) for p in concerned)

    def _granted(self, permission: Policy, asker: Asker) -> bool:
        names = permission.listed("applyPolicies")
        votes = [self._vote(self.policies[n], asker) for n in names]
        if permission.strategy == "AFFIRMATIVE":
            return any(votes)
        if permission.strategy == "CONSENSUS":
            return sum(votes) * 2 > len(votes)
        return bool(votes) and all(votes)

    def _vote(self, policy: Policy, asker: Asker) -> bool:
        decide = POLICIES.get(policy.kind)
        if decide is None:
            logger.warning("kc_exchange.testing.policy_skipped kind=%s", policy.kind)
            return False
        return decide(policy, asker) is not policy.negative

    def allow(self, permission: str, resource: str, scope: str, client_id: str) -> None:
        """Let the client through as well, whatever else the permission asks for."""
        policy = Policy(
            name=f"{client_id} by a test",
            kind=CLIENT_POLICY,
            config={"clients": json.dumps([client_id])},
        )
        before = self.policies.get(permission)
        names = [*(before.listed("applyPolicies") if before else ()), policy.name]
        config = {
            "resources": json.dumps([resource]),
            "scopes": json.dumps([scope]),
            "applyPolicies": json.dumps(names),
        }
        made = before or Policy(name=permission, kind="scope")
        self._added.setdefault(permission, before)
        self.add(policy)
        self.add(replace(made, strategy="AFFIRMATIVE", config=config))
        self.resources.add(resource)

    def reset(self) -> None:
        """Have the permissions of the export again."""
        for permission, before in self._added.items():
            if before is None:
                del self.policies[permission]
            else:
                self.policies[permission] = before
        self._added.clear()
