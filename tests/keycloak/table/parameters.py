"""Parameters that are missing, repeated, too long or refused."""

from tests.keycloak.clients import Basic, Post
from tests.keycloak.rows import Row, exchange_form, issued, refused
from tests.keycloak.servers import (
    ACCESS_TOKEN,
    EXCHANGE_GRANT,
    ID_TOKEN,
    JWT,
    REFRESH_TOKEN,
    SAML2,
)
from tests.keycloak.steps import Login

DUPLICATED = refused(400, "invalid_request", "duplicated parameter")
ONLY_ACCESS_TOKENS = refused(
    400, "invalid_request", "Parameter 'subject_token' supports access tokens only"
)
TYPE_UNSUPPORTED = refused(400, "invalid_request", "requested_token_type unsupported")


def required(name: str):
    """The refusal of a request that leaves a parameter out."""
    said = f"Parameter '{name}' required for standard token exchange"
    return refused(400, "invalid_request", said)


def unsupported(name: str):
    """The refusal of a parameter that only legacy exchange knows."""
    said = f"Parameter '{name}' is not supported for standard token exchange"
    return refused(400, "invalid_request", said)


def too_long(name: str):
    """The refusal of a token that passes twenty thousand characters."""
    said = f"The size of OIDC parameter '{name}' is longer than allowed."
    return refused(400, "invalid_request", said)


ROWS = (
    Row(
        name="parameters: no grant_type",
        form=exchange_form(without=("grant_type",)),
        expect=refused(400, "invalid_request", "Missing form parameter: grant_type"),
    ),
    Row(
        name="parameters: unknown grant_type",
        form=exchange_form(grant_type="urn:example:barter"),
        expect=refused(400, "unsupported_grant_type", "Unsupported grant_type"),
    ),
    Row(
        name="parameters: no subject_token",
        only="standard",
        form=exchange_form(without=("subject_token",)),
        expect=required("subject_token"),
    ),
    Row(
        name="parameters: no subject_token_type",
        only="standard",
        form=exchange_form(without=("subject_token_type",)),
        expect=required("subject_token_type"),
    ),
    Row(
        name="parameters: neither token nor type",
        only="standard",
        form=exchange_form(without=("subject_token", "subject_token_type")),
        expect=required("subject_token"),
    ),
    *(
        Row(
            name=f"parameters: subject_token_type {kind.rpartition(':')[2]}",
            only="standard",
            form=exchange_form(Login(part=part), subject_token_type=kind),
            expect=ONLY_ACCESS_TOKENS,
        )
        for kind, part in (
            (ID_TOKEN, "id_token"),
            (REFRESH_TOKEN, "refresh_token"),
            (JWT, "access_token"),
            ("access_token", "access_token"),
        )
    ),
    *(
        Row(
            name=f"parameters: requested_token_type {kind.rpartition(':')[2]}",
            form=exchange_form(requested_token_type=kind),
            expect=TYPE_UNSUPPORTED,
        )
        for kind in (REFRESH_TOKEN, SAML2, JWT, "urn:example:coin")
    ),
    *(
        Row(
            name=f"parameters: {name}",
            only="standard",
            form=exchange_form(**{name: "alice"}),
            expect=unsupported(name),
        )
        for name in ("requested_subject", "requested_issuer", "subject_issuer")
    ),
    *(
        Row(
            name=f"parameters: {name} twice",
            form=exchange_form(**{name: (value, value)}),
            expect=DUPLICATED,
        )
        for name, value in (
            ("grant_type", EXCHANGE_GRANT),
            ("subject_token", "twice"),
            ("subject_token_type", ACCESS_TOKEN),
            ("requested_token_type", ACCESS_TOKEN),
            ("scope", "orders"),
            ("colour", "green"),
        )
    ),
    Row(
        name="parameters: client_id twice",
        form=exchange_form(client_id="django-app"),
        client=Post("django-app"),
        expect=DUPLICATED,
    ),
    Row(
        name="parameters: subject_token too long",
        form=exchange_form("x" * 20_001),
        expect=too_long("subject_token"),
    ),
    Row(
        name="parameters: subject_token just short enough",
        form=exchange_form("x" * 20_000),
        expect=refused(400, "invalid_request", "Invalid token"),
    ),
    Row(
        name="parameters: actor_token too long",
        form=exchange_form(actor_token="x" * 20_001),
        expect=too_long("actor_token"),
    ),
    Row(
        name="parameters: a scope too long is dropped, not refused",
        form=exchange_form(audience="shipping-api", scope="orders " * 600),
        expect=issued("shipping-api", scope={"profile", "email", "shipping"}),
    ),
    Row(
        name="parameters: audiences too long together are dropped",
        form=exchange_form(audience=("orders-api",) * 600),
        expect=issued("orders-api", "shipping-api", "account"),
    ),
    Row(
        name="parameters: client without the switch",
        only="standard",
        form=exchange_form(),
        client=Basic("plain-app"),
        expect=refused(
            400,
            "invalid_request",
            "Standard token exchange is not enabled for the requested client",
        ),
    ),
)
