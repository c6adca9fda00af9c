"""Impersonation: its client, its operators' role, and what their tokens carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.provision.audiences import default_scope, mapper
from kc_exchange.provision.requesters import NO_FLOW, exchanges
from kc_exchange.provision.rules import Between
from kc_exchange.requirements import IMPERSONATION_ROLE, MANAGEMENT, SHORTEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kc_exchange.conf import Realm
    from kc_exchange.provision.draft import Draft

SCOPE = "impersonation"
_LONGEST = 120
"""Seconds: what a downstream was given under a grant outlives its end by so long."""


def impersonation(
    draft: Draft, realm: Realm, logins: Sequence[Realm], operator_role: str
) -> None:
    """Want what lets an operator's token become one of the target.

    `logins` are the clients that operators log in at. One of them may itself
    impersonate; any other has nothing else to do, so its flows are off.
    """
    others = [login for login in logins if login.client_id != realm.client_id]
    exchanges(draft, realm.client_id)
    if len(others) == len(logins):
        lifespan = Between(SHORTEST, _LONGEST, SHORTEST, as_text=True)
        draft.client(
            realm.client_id, **NO_FLOW, attributes={"access.token.lifespan": lifespan}
        )
    for login in others:
        _admitted(draft, realm.client_id, login.client_id, operator_role)
    if operator_role:
        powers = {"client": {MANAGEMENT: [IMPERSONATION_ROLE]}}
        draft.want(roles={"realm": [{"name": operator_role, "composites": powers}]})


def _admitted(draft: Draft, client_id: str, login: str, operator_role: str) -> None:
    """A token is exchanged by a client that it names, and operators' alone name it."""
    default_scope(draft, SCOPE, mapper(client_id))
    draft.client(login, defaultClientScopes=[SCOPE])
    about = f"Lets {client_id} take the token of an operator"
    draft.begin(clientScopes=[{"name": SCOPE, "description": about}])
    if operator_role:
        mapping = {"clientScope": SCOPE, "roles": [operator_role]}
        draft.want(scopeMappings=[mapping])
