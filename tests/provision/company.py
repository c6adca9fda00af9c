"""A company with two tenants, shared services and a provider: every strategy in one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.test import override_settings

from kc_exchange import conf, provision
from kc_exchange.conf.parse import parse

if TYPE_CHECKING:
    from pathlib import Path

    from kc_exchange.testing import DownstreamRecorder

SECRET = "planted-secret-0123456789-never-shown"
PASSWORD = "planted-password-0123456789-never-shown"
NOWHERE = "http://127.0.0.1:9/"
ALICE = "7d1cb3c6-0d6a-4f1f-9a70-2f5a0b6e1a01"


def person(name: str, **more: Any) -> dict[str, Any]:
    """Somebody with a password, as a realm file has them."""
    return {
        "username": name,
        "enabled": True,
        "email": f"{name}@company.example",
        "emailVerified": True,
        "firstName": name.title(),
        "lastName": "Tester",
        "credentials": [{"type": "password", "value": PASSWORD}],
        **more,
    }


def people() -> dict[str, Any]:
    """The realm files: people, and a login that takes passwords without a browser."""
    app = {"clientId": "app", "directAccessGrantsEnabled": True}
    alice, olga = person("alice", id=ALICE), person("olga", realmRoles=["support"])
    return {
        "default": {"clients": [app], "users": [alice, olga]},
        "globex": {"clients": [app], "users": [person("bob")]},
    }


@dataclass
class Company:
    """The settings of the company on one Keycloak, with realm files in a folder."""

    url: str
    folder: Path
    provider: str = ""
    prefix: str = "company"
    recorder: DownstreamRecorder | None = None
    """What all downstreams are."""
    people: dict[str, Any] = field(default_factory=people)
    """What the realm files say, by alias."""

    @property
    def names(self) -> dict[str, str]:
        """The realms at Keycloak, by their alias."""
        aliases = ("acme", "globex", "shared")
        return {alias: f"{self.prefix}-{alias}" for alias in aliases}

    @property
    def raw(self) -> dict[str, Any]:
        """`KC_EXCHANGE`."""
        at = {"BASE_URL": self.recorder.url if self.recorder else NOWHERE}
        raw = {
            "REALMS": {
                "default": self._realm("acme", "app"),
                "support": self._realm("acme", "app-support"),
                "globex": self._realm("globex", "app", HOSTS=["globex.example"]),
                "shared": self._realm("shared", "hub"),
            },
            "DOWNSTREAMS": {
                "orders-api": {**at, "SCOPES": ["orders:read", "profile"]},
                "plain-api": at,
                "reports-api": {
                    **at,
                    "STRATEGY": "service-account",
                    "SCOPES": ["reports:read"],
                },
                "analytics-api": {
                    **at,
                    "STRATEGY": "jwt-grant",
                    "REALM": "shared",
                    "SUBJECT_ISSUER": {"default": "acme"},
                    "SCOPES": ["analytics:read"],
                    "ASSERTION_SCOPES": ["to-shared"],
                },
                "ledger-api": {
                    **at,
                    "STRATEGY": "cross-realm",
                    "REALM": "shared",
                    "SUBJECT_ISSUER": {"default": "acme"},
                    "SCOPES": ["ledger:read"],
                },
                **self._external(at),
                "legacy-api": {**at, "STRATEGY": "forward"},
            },
            "PROVIDERS": self._providers(),
            "IMPERSONATION": {"REALM": "support", "OPERATOR_ROLE": "support"},
            "REALM_FILES": self.files(),
        }
        return {key: value for key, value in raw.items() if key not in self._left_out}

    @property
    def settings(self) -> conf.Settings:
        """The settings as values."""
        parsed, problems = parse(self.raw, debug=True)
        assert parsed is not None, problems
        return parsed

    def wanted(self, **more: Any) -> dict[str, provision.Wanted]:
        """What they want, by the realms' names."""
        more.setdefault("impersonates", True)
        return {one.name: one for one in provision.desired(self.settings, **more)}

    def in_use(self, **changes: Any) -> override_settings:
        """Django with these settings."""
        return override_settings(DEBUG=True, KC_EXCHANGE=self.raw, **changes)

    def files(self) -> dict[str, list[str]]:
        """Write the realm files."""
        found = {}
        for alias, document in self.people.items():
            path = self.folder / f"{alias}.json"
            path.write_text(json.dumps(document))
            found[alias] = [str(path)]
        return found

    @property
    def _left_out(self) -> set[str]:
        return set() if self.provider else {"PROVIDERS"}

    def _realm(self, alias: str, client_id: str, **more: Any) -> dict[str, Any]:
        return {
            "ISSUER": f"{self.url}/realms/{self.names[alias]}",
            "CLIENT_ID": client_id,
            "CLIENT_SECRET": f"{client_id}-{SECRET}",
            **more,
        }

    def _external(self, at: dict[str, Any]) -> dict[str, Any]:
        if not self.provider:
            return {}
        return {
            "photos-api": {
                **at,
                "STRATEGY": "external",
                "SUBJECT_ISSUER": "corporate",
                "SCOPES": ["photos:read"],
            },
            "calendar": {
                **at,
                "STRATEGY": "linked",
                "REALM": "default",
                "REQUESTED_ISSUER": "corporate",
            },
        }

    def _providers(self) -> dict[str, Any]:
        return {
            "corporate": {
                "ISSUER": self.provider,
                "AUDIENCES": ["*"],
                "CLIENT_ID": "keycloak",
                "CLIENT_SECRET": f"provider-{SECRET}",
            }
        }
