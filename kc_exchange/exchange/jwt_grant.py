"""Present a token of one realm as an assertion to another (RFC 7523 section 2.1).

Keycloak's supported way across domains, since 26.6: "OAuth Identity and Authorization
Chaining Across Domains" in its guides. The assertion is the user's token, exchanged for
one whose only audience is the issuer of the realm that is asked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kc_exchange.exchange.check import Check
from kc_exchange.exchange.grants import proof_key, scope_parameter
from kc_exchange.exchange.jwt_grant_refusals import JWT_GRANT_ROWS
from kc_exchange.exchange.limits import refuse_long_form, refuse_long_token
from kc_exchange.exchange.token_endpoint import ask

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.dpop import ProofKey
    from kc_exchange.exchange.check import Members
    from kc_exchange.exchange.posts import Form
    from kc_exchange.tokens import AccessToken

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def jwt_grant(
    assertion: AccessToken, downstream: Downstream, realm: Realm
) -> AccessToken:
    """Obtain a token of `realm` for the user whom `assertion` speaks for.

    The user is linked there to the identity provider that stands for the assertion's
    issuer; nobody is made. No session begins. An assertion is good for one call, so
    a request that may have arrived is not sent again. Within `realm.deadline` seconds.

    Raises:
        NotLinked: the realm knows no user for this one.
        ExchangeDenied: the user may not come in this way.
        ExchangeMisconfigured: a setting here or at Keycloak is wrong; the reply is not
            what was asked for.
        ExchangeUnavailable: Keycloak did not answer in time.
    """
    form = jwt_grant_form(assertion, downstream, realm)
    key = proof_key(downstream, realm)
    members = ask(
        realm,
        form,
        audience=downstream.audience,
        may_repeat=False,
        rows=JWT_GRANT_ROWS,
        key=key,
    )
    return granted(members, assertion, downstream, realm, key)


def assertion_wanted(downstream: Downstream, realm: Realm) -> Downstream:
    """Return what the user's token is exchanged for, to be an assertion in `realm`.

    It is presented at once, by the client itself: it is bound to no key.
    """
    return replace(
        downstream,
        audience=realm.issuer,
        scopes=downstream.assertion_scopes,
        dpop=False,
    )


def jwt_grant_form(
    assertion: AccessToken, downstream: Downstream, realm: Realm
) -> Form:
    """Return the form of RFC 7523 section 2.1.

    Raises:
        ExchangeMisconfigured: a parameter, or the token, is longer than Keycloak reads.
    """
    form = [("grant_type", JWT_BEARER), *scope_parameter(downstream.scopes)]
    refuse_long_form(form, repr(downstream.name), "Name fewer SCOPES.")
    refuse_long_token(assertion.value, "user", realm=realm.alias)
    return [*form, ("assertion", assertion.value)]


def granted(
    members: Members,
    assertion: AccessToken,
    downstream: Downstream,
    realm: Realm,
    key: ProofKey | None = None,
) -> AccessToken:
    """Return the token, if it is what was asked for.

    Compared: token type, issuer, requester, scope, expiry and, with a `key`, that it is
    bound to it. Its audience may be wider
    than the downstream: `suffices` tells, and a standard exchange narrows it.

    Raises:
        UnexpectedReply: something differs; the token is thrown away.
    """
    check = Check(members, realm, downstream.audience, key)
    claims = check.claims()
    check.differs_from(assertion.value)
    check.names_user(claims)
    return check.token(claims, downstream.scopes)
