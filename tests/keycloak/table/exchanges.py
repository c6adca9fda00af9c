"""Exchanges that Keycloak grants, and what it puts in the token."""

from tests.keycloak.clients import Basic, Post, Signed
from tests.keycloak.rows import Expect, Row, exchange_form, issued
from tests.keycloak.servers import ACCESS_TOKEN, ID_TOKEN, USER_IDS
from tests.keycloak.steps import Exchanged, Login, Service

ALICE = USER_IDS["alice"]
LEFT_OUT = ("realm_access", "preferred_username", "email", "name", "acr")

ROWS = (
    Row(
        name="exchange: a token for one service",
        form=exchange_form(),
        expect=issued(
            "orders-api",
            sub=ALICE,
            scope={"profile", "email", "shipping", "orders"},
            preferred_username="alice",
        ),
    ),
    Row(
        name="exchange: secret in the form",
        form=exchange_form(),
        client=Post("django-app"),
        expect=issued("orders-api"),
    ),
    Row(
        name="exchange: requester with a signed assertion",
        form=exchange_form(),
        client=Signed(),
        expect=issued("orders-api", azp="signed-app"),
    ),
    Row(
        name="exchange: subject from a public client",
        form=exchange_form(Login(client="frontend-public")),
        expect=issued("orders-api", sub=ALICE),
    ),
    Row(
        name="exchange: the requester's own token",
        form=exchange_form(Login(client="django-app")),
        expect=issued("orders-api", sub=ALICE),
    ),
    Row(
        name="exchange: requested_token_type is optional",
        form=exchange_form(without=("requested_token_type",)),
        expect=issued("orders-api"),
    ),
    Row(
        name="exchange: openid brings an ID token along",
        form=exchange_form(scope="openid orders"),
        expect=issued(
            "orders-api",
            more_keys=("id_token",),
            scope={"openid", "profile", "email", "shipping", "orders"},
        ),
    ),
    Row(
        name="exchange: an ID token asked for travels as access_token",
        form=exchange_form(
            requested_token_type=ID_TOKEN, scope="openid", without=("audience",)
        ),
        expect=issued(
            "django-app",
            typ="ID",
            body={"token_type": "N_A", "issued_token_type": ID_TOKEN},
        ),
    ),
    Row(
        name="exchange: a scope that the subject token never had",
        form=exchange_form(Login(scope="profile"), scope="orders billing"),
        expect=issued(
            "orders-api", scope={"profile", "email", "shipping", "orders", "billing"}
        ),
    ),
    Row(
        name="exchange: roles of other clients are cut away",
        form=exchange_form(),
        expect=issued("orders-api", resource_access={}),
    ),
    Row(
        name="exchange: roles at the audience stay",
        form=exchange_form(Login(user="sam")),
        expect=issued(
            "orders-api",
            sub=USER_IDS["sam"],
            resource_access={"orders-api": {"roles": ["refund"]}},
        ),
    ),
    Row(
        name="exchange: actor_token is not looked at",
        form=exchange_form(actor_token="nonsense", actor_token_type=ACCESS_TOKEN),
        expect=issued("orders-api", sub=ALICE),
    ),
    Row(
        name="exchange: a true actor_token makes no act claim",
        form=exchange_form(
            actor_token=Service("django-app"), actor_token_type=ACCESS_TOKEN
        ),
        expect=issued("orders-api", sub=ALICE),
    ),
    Row(
        name="exchange: resource is not looked at",
        form=exchange_form(resource="https://elsewhere.example/"),
        expect=issued("orders-api"),
    ),
    Row(
        name="exchange: resource may repeat",
        form=exchange_form(resource=("https://one.example/", "https://two.example/")),
        expect=issued("orders-api"),
    ),
    Row(
        name="exchange: an unknown parameter is not looked at",
        form=exchange_form(colour="green"),
        expect=issued("orders-api"),
    ),
    Row(
        name="exchange: the lifetime is the requester's, in full",
        form=exchange_form(Login(client="frontend"), scope="orders"),
        client=Basic("short-app"),
        expect=issued("orders-api", azp="short-app", lifetime=2),
    ),
    Row(
        name="exchange: a token that was itself exchanged",
        form=exchange_form(
            Exchanged(audience="shipping-api", scope=""), scope="orders"
        ),
        expect=issued("orders-api", sub=ALICE),
    ),
    Row(
        name="exchange: a service account has no session",
        form=exchange_form(Service("frontend")),
        expect=issued(
            "orders-api",
            fewer_keys=("session_state",),
            kept=("sub",),
            absent=("act", "sid"),
        ),
    ),
    Row(
        name="exchange: the requester's own service account",
        form=exchange_form(Service("django-app")),
        expect=issued(
            "orders-api", fewer_keys=("session_state",), kept=("sub",), absent=("sid",)
        ),
    ),
    Row(
        name="exchange: consent given before",
        form=exchange_form(Login(user="bob")),
        client=Basic("consent-app"),
        expect=issued("orders-api", azp="consent-app", sub=USER_IDS["bob"]),
    ),
    Row(
        name="exchange: a lightweight subject that lists the requester",
        form=exchange_form(Login(client="frontend-light")),
        expect=issued("orders-api", kept=("sid",), sub=ALICE),
    ),
    Row(
        name="exchange: a lightweight requester and a lightweight audience",
        form=exchange_form(scope="light-orders"),
        client=Basic("lightweight-app"),
        expect=issued("orders-api", azp="lightweight-app", absent=LEFT_OUT),
    ),
    Row(
        name="exchange: replies are not to be stored",
        form=exchange_form(),
        expect=Expect(
            headers={
                "Cache-Control": "no-store",
                "Pragma": "no-cache",
                "Content-Type": "application/json",
            }
        ),
    ),
)
