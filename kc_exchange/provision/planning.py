"""Plan the realms: what is not as wanted, part by part. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange.provision.built_in import client_scopes
from kc_exchange.provision.change import Call, Change, Phase
from kc_exchange.provision.compare import changed, differences
from kc_exchange.provision.documents import named, settled
from kc_exchange.provision.events import expirations
from kc_exchange.provision.fragments import PARTS
from kc_exchange.provision.plan_clients import assignments, clients, limits, scopes
from kc_exchange.provision.plan_providers import mappers, permissions, providers
from kc_exchange.provision.plan_roles import roles
from kc_exchange.provision.plan_users import users
from kc_exchange.provision.shared import Shared
from kc_exchange.provision.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.draft import Wanted
    from kc_exchange.provision.found import Found
    from kc_exchange.provision.server import RealmApi


def plan(wanted: Iterable[Wanted], found: Mapping[str, Found]) -> list[Change]:
    """Return what must be done in each realm, realm by realm.

    Args:
        wanted: what the settings want.
        found: what there is, by the realm's name.

    Raises:
        ProvisionFailed: a provider is missing, and nothing says what it is.
    """
    known = list(wanted)
    new = dict(pair for one in known for pair in _new_secrets(one, found[one.name]))
    changes = (change for one in known for change in _realm(one, found[one.name], new))
    return list(changes)


@dataclass(frozen=True, slots=True)
class MakeRealm:
    """Make the realm; all that is in it comes after."""

    document: Document = field(repr=False)

    def __str__(self) -> str:
        return "POST realms"

    def send(self, realm: RealmApi) -> None:
        """Make it; raise `ProvisionFailed`."""
        realm.server.create_realm(self.document)


def _realm(wanted: Wanted, found: Found, new: Mapping[Shared, Any]) -> Iterator[Change]:
    there = found.document if found.exists else {"clientScopes": client_scopes()}
    sheet = Sheet(wanted.name, wanted.document, wanted.whole, there)
    yield from _itself(sheet, found)
    yield from roles(sheet)
    yield from scopes(sheet)
    yield from clients(sheet)
    yield from limits(sheet)
    yield from assignments(sheet)
    yield from providers(sheet, new)
    yield from mappers(sheet)
    yield from permissions(sheet.realm, wanted.permitted, found.permitted)
    yield from users(sheet)


def _itself(sheet: Sheet, found: Found) -> Iterator[Change]:
    members = list(differences(sheet.wanted, found.document, leave_out=PARTS))
    if found.exists and not members:
        return
    if found.exists:
        members += expirations(members, sheet.wanted, found.document)
    whole = {m: v for m, v in settled(sheet.whole).items() if m not in PARTS}
    after = changed(found.document, members)
    update = {path[0]: after[path[0]] for path in (m.path for m in members)}
    call = Call("PUT", (), update, realm=sheet.realm)
    yield Change(
        realm=sheet.realm,
        phase=Phase.REALM,
        kind="realm",
        place="Realm settings",
        members=tuple(members),
        act=call if found.exists else MakeRealm(whole),
        creates=not found.exists,
    )


def _new_secrets(wanted: Wanted, found: Found) -> Iterator[tuple[Shared, Any]]:
    """Tell the secrets that clients are going to have, and have not yet."""
    known = found.document.get("clients", ())
    for client in wanted.whole.get("clients", ()):
        client_id, secret = client["clientId"], client.get("secret")
        there = named(known, "clients", client_id)
        said = {"secret": secret} if isinstance(secret, str) else {}
        if secret and (there is None or any(differences(said, there))):
            yield Shared(wanted.name, client_id), secret
