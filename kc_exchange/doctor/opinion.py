"""The user's token: what its signature, its audience and Keycloak say of it.

Of a token that Keycloak does not accept, the exchange says "Invalid token" whatever the
reason; its user info endpoint says which (`error_description` of the challenge).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.views.decorators.debug import sensitive_variables

from kc_exchange import transport
from kc_exchange.doctor.catalogue.entry import NO
from kc_exchange.doctor.subject import TOKEN
from kc_exchange.exceptions import ExchangeError, InvalidToken
from kc_exchange.jwt_validation import compact
from kc_exchange.tokens import Secret, issue_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kc_exchange.doctor.chart import Chart
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.seen import Seen
    from kc_exchange.doctor.subject import Given

_REASON = re.compile(r'error_description="([^"]*)"')
_CODES = {
    "User disabled": "user_disabled",
    "User not found": "user_gone",
    "user_not_found": "user_gone",
    "user_disabled": "user_disabled",
    "user_session_not_found": "session_over",
    "session_expired": "session_over",
    "invalid_token": "session_over",
    "User not valid": "subject_revoked",
    "Token verification failed": "subject_revoked",
    "Client disabled": "login_client_off",
    "Client not found": "login_client_off",
}
"""What user info says of a token that does not hold."""


def check_signature(chart: Chart, given: Given, seen: Seen) -> Iterator[Finding]:
    """Check the signature with the realm's keys."""
    if given.token is None or seen.keys is None:
        return
    try:
        parts = compact.split(given.value)
        header = compact.read_header(parts.header)
        key = seen.keys.get(header.kid)
        if key is None:
            raise InvalidToken.because("the realm has no key of this kid")
        if not key.verify(header.alg, parts.signed, compact.decoded(parts.signature)):
            raise InvalidToken.because("it does not hold")
    except InvalidToken as error:
        given.token = None
        yield chart.finding(TOKEN, "subject_signature", why=error.reason)
    else:
        yield chart.holds(TOKEN, "Signed by the realm.")


def check_audience(
    chart: Chart, given: Given, requesters: Iterable[Seen]
) -> Iterator[Finding]:
    """See whether each requester that has to exchange the token may."""
    for seen in requesters:
        client = seen.realm.client_id
        if given.is_for(client):
            yield chart.holds(TOKEN, f"{client} may exchange it.")
        else:
            yield chart.finding(
                TOKEN,
                "requester_not_in_audience",
                provision=NO if given.is_lightweight else None,
                client=client,
                realm=seen.realm.alias,
                audiences=given.audiences,
            )


def ask_keycloak(chart: Chart, given: Given, seen: Seen) -> Iterator[Finding]:
    """Ask for the user info of the token; a reason why not is what is looked for."""
    bound = given.claims.get("cnf")
    if given.token is None or bound or seen.endpoints is None:
        return
    if not seen.endpoints.userinfo:
        return
    try:
        code = _reason(seen, given.value)
    except ExchangeError as error:
        yield chart.of(TOKEN, error)
        return
    if 0 < issue_of(given.claims) < seen.not_before:
        code = "subject_revoked"
    if code:
        given.token = None
        yield chart.finding(TOKEN, code)
    else:
        yield chart.holds(TOKEN, "Keycloak does not say that it is over.")


@sensitive_variables()
def _reason(seen: Seen, token: str) -> str:
    """Return the code for why Keycloak refuses the token; empty where it does not.

    A token without scope `openid`, or a lightweight one, is refused before its session
    is looked at.
    """
    url = "" if seen.endpoints is None else seen.endpoints.userinfo
    headers = {"Authorization": Secret(f"Bearer {token}")}
    deadline = transport.Deadline(seen.realm.deadline)
    reply = transport.request(seen.realm, url, deadline, headers=headers)
    found = _REASON.search(reply.headers.get("www-authenticate", ""))
    return _CODES.get(found[1], "") if found else ""
