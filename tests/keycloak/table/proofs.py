"""Tokens that are bound to a key (DPoP), as subjects and as results."""

from tests.keycloak.clients import Basic
from tests.keycloak.proofs import Bound, Proof, Used, thumbprint
from tests.keycloak.rows import Expect, Row, exchange_form, issued, refused
from tests.keycloak.steps import Login

OWN = Bound(Login(client="dpop-app"))
MISSING = refused(400, "invalid_request", "DPoP proof is missing")
DPOP = {"token_type": "DPoP"}
FIRST = {"jkt": thumbprint("first"), "kc-jkt-type": "DPoP"}

ROWS = (
    Row(
        name="proof: it binds what a bearer token is exchanged for",
        form=exchange_form(),
        headers=(("DPoP", Proof()),),
        expect=issued("orders-api", body=DPOP, absent=("act",), typ="DPoP", cnf=FIRST),
    ),
    Row(
        name="proof: a client that must bind its tokens sends none",
        form=exchange_form(),
        client=Basic("dpop-app"),
        expect=MISSING,
    ),
    Row(
        name="proof: own bound token, proof of its key",
        form=exchange_form(OWN),
        client=Basic("dpop-app"),
        headers=(("DPoP", Proof()),),
        expect=issued(
            "orders-api",
            body=DPOP,
            azp="dpop-app",
            absent=("act",),
            typ="DPoP",
            cnf=FIRST,
        ),
    ),
    Row(
        name="proof: own bound token, no proof",
        form=exchange_form(OWN),
        client=Basic("dpop-app"),
        expect=MISSING,
    ),
    Row(
        name="proof: own bound token, proof of another key",
        form=exchange_form(OWN),
        client=Basic("dpop-app"),
        headers=(("DPoP", Proof("second")),),
        expect=refused(
            400, "invalid_request", "DPoP confirmation doesn't match DPoP proof"
        ),
    ),
    Row(
        name="proof: another client's bound token",
        form=exchange_form(Bound(Login())),
        headers=(("DPoP", Proof()),),
        expect=refused(
            400,
            "invalid_request",
            "Sender-constrained token exchange rejected as the token was not issued"
            " for the requesting client",
        ),
    ),
    Row(
        name="proof: for another address",
        form=exchange_form(),
        headers=(("DPoP", Proof(path="userinfo")),),
        expect=refused(400, "invalid_request", "DPoP HTTP URL mismatch"),
    ),
    Row(
        name="proof: for another method",
        form=exchange_form(),
        headers=(("DPoP", Proof(method="GET")),),
        expect=refused(400, "invalid_request", "DPoP HTTP method mismatch"),
    ),
    Row(
        name="proof: too old",
        form=exchange_form(),
        headers=(("DPoP", Proof(age=600)),),
        expect=refused(400, "invalid_request", "DPoP proof is not active"),
    ),
    Row(
        name="proof: of the future",
        form=exchange_form(),
        headers=(("DPoP", Proof(age=-600)),),
        expect=refused(400, "invalid_request", "DPoP proof is not active"),
    ),
    Row(
        name="proof: used before",
        form=exchange_form(),
        headers=(("DPoP", Used(Proof())),),
        expect=refused(400, "invalid_request", "DPoP proof has already been used"),
    ),
    Row(
        name="proof: its address has a query, which is not looked at",
        form=exchange_form(),
        headers=(("DPoP", Proof(path="token?a=b#c")),),
        expect=issued("orders-api", body=DPOP, absent=("act",), typ="DPoP", cnf=FIRST),
    ),
    Row(
        name="proof: it binds the requester's own token",
        form=(("grant_type", "client_credentials"), ("scope", "orders")),
        headers=(("DPoP", Proof()),),
        expect=Expect(body=DPOP, claims={"typ": "DPoP", "cnf": FIRST}),
    ),
    Row(
        name="proof: not a token",
        form=exchange_form(),
        headers=(("DPoP", "nonsense"),),
        expect=refused(400, "invalid_request"),
    ),
)
