"""What is broken between two realms, or between a realm and a provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.doctor.changes import Edit, part, place
from tests.doctor.realms import CLINIC

if TYPE_CHECKING:
    from tests.doctor.admin import Admin
    from tests.doctor.changes import Document


@dataclass(frozen=True)
class Renamed:
    """Another id for the client that stands for a realm, or other values."""

    stands_for: str
    client_id: str = ""
    enabled: bool = True
    realm: str = CLINIC

    def by(self, admin: Admin) -> None:
        """Change it on the server."""
        name = f"{admin.url}/realms/{self.stands_for}"
        values = {"clientId": self.client_id or name, "enabled": self.enabled}
        Edit("clients", name, values, self.realm).by(admin)

    def into(self, document: Document) -> None:
        """Change it in the document."""
        name = f"/realms/{self.stands_for}"
        found = next(c for c in document["clients"] if c["clientId"].endswith(name))
        found["clientId"] = self.client_id or found["clientId"]
        found["enabled"] = self.enabled


@dataclass(frozen=True)
class KeysOf:
    """An identity provider that has the address of another realm's keys."""

    provider: str
    other: str
    realm: str

    def by(self, admin: Admin) -> None:
        """Change it on the server."""
        url = f"{admin.url}/realms/{self.other}/protocol/openid-connect/certs"
        values = {"config": {"jwksUrl": url}}
        Edit("identityProviders", self.provider, values, self.realm).by(admin)

    def into(self, document: Document) -> None:
        """Change it in the document."""
        found = part(document, "identityProviders", self.provider)
        config = found["config"]
        config["jwksUrl"] = config["jwksUrl"].replace(
            f"/realms/{self.provider}/", f"/realms/{self.other}/"
        )


@dataclass(frozen=True)
class NotPermitted:
    """Nobody may exchange tokens of an identity provider."""

    realm: str
    provider: str

    def by(self, admin: Admin) -> None:
        """Switch its permissions off."""
        place = f"/{self.realm}/identity-provider/instances/{self.provider}"
        admin.call("PUT", f"{place}/management/permissions", {"enabled": False})

    def into(self, document: Document) -> None:
        """Leave them out: `World` gives them after the import."""
        document.setdefault("not permitted", []).append(self.provider)


@dataclass(frozen=True)
class Unlinked:
    """A user without the link to an identity provider."""

    user: str
    provider: str
    realm: str

    def by(self, admin: Admin) -> None:
        """Delete the link."""
        path, _ = place(admin, self.realm, "users", self.user)
        admin.call("DELETE", f"{path}/federated-identity/{self.provider}")

    def into(self, document: Document) -> None:
        """Leave it out."""
        part(document, "users", self.user)["federatedIdentities"] = []
