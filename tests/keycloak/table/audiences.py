"""What `audience` and `scope` may ask for."""

from tests.keycloak.clients import Basic
from tests.keycloak.rows import Row, exchange_form, issued, refused
from tests.keycloak.steps import Login

NOT_FOUND = refused(400, "invalid_client", "Audience not found")


def unavailable(name: str):
    """The refusal of an audience that no scope puts in the token."""
    return refused(400, "invalid_request", f"Requested audience not available: {name}")


ROWS = (
    Row(
        name="audience: two of them",
        form=exchange_form(
            audience=("orders-api", "billing-api"), scope="orders billing"
        ),
        expect=issued("orders-api", "billing-api"),
    ),
    Row(
        name="audience: the same one twice",
        form=exchange_form(audience=("orders-api", "orders-api")),
        expect=issued("orders-api"),
    ),
    Row(
        name="audience: it filters what the scopes would add",
        form=exchange_form(scope="orders billing"),
        expect=issued("orders-api"),
    ),
    Row(
        name="audience: a default scope is enough",
        form=exchange_form(audience="shipping-api", without=("scope",)),
        expect=issued("shipping-api"),
    ),
    Row(
        name="audience: none, so everything that the scopes add",
        form=exchange_form(scope="orders billing", without=("audience",)),
        expect=issued("orders-api", "billing-api", "shipping-api", "account"),
    ),
    Row(
        name="audience: none, and a disabled service is in the token",
        form=exchange_form(scope="retired", without=("audience",)),
        expect=issued("retired-api", "shipping-api", "account"),
    ),
    Row(
        name="audience: account, through the user's own roles",
        form=exchange_form(audience="account", without=("scope",)),
        expect=issued("account"),
    ),
    Row(
        name="audience: through a role at the service alone",
        form=exchange_form(Login(user="sam"), without=("scope",)),
        expect=issued("orders-api"),
    ),
    Row(
        name="audience: the requester itself, with a mapper for it",
        form=exchange_form(audience="django-app", scope="self"),
        expect=issued("django-app"),
    ),
    Row(
        name="audience: the requester itself, without one",
        form=exchange_form(audience="django-app", without=("scope",)),
        expect=unavailable("django-app"),
    ),
    Row(
        name="audience: known, but no scope leads to it",
        form=exchange_form(audience="billing-api"),
        expect=unavailable("billing-api"),
    ),
    Row(
        name="audience: one of two is not available",
        form=exchange_form(audience=("orders-api", "billing-api")),
        expect=unavailable("billing-api"),
    ),
    Row(
        name="audience: two of two are not available",
        form=exchange_form(audience=("orders-api", "billing-api"), without=("scope",)),
        # Keycloak lists them in no particular order.
        expect=refused(400, "invalid_request"),
    ),
    Row(
        name="audience: unknown",
        form=exchange_form(audience="nowhere-api"),
        expect=NOT_FOUND,
    ),
    Row(
        name="audience: one of two is unknown",
        form=exchange_form(audience=("orders-api", "nowhere-api")),
        expect=NOT_FOUND,
    ),
    Row(
        name="audience: empty",
        form=exchange_form(audience=""),
        expect=NOT_FOUND,
    ),
    Row(
        name="audience: two in one value",
        form=exchange_form(audience="orders-api billing-api", scope="orders billing"),
        expect=NOT_FOUND,
    ),
    Row(
        name="audience: in capitals",
        form=exchange_form(audience="ORDERS-API"),
        expect=NOT_FOUND,
    ),
    Row(
        name="audience: a disabled client",
        form=exchange_form(audience="retired-api", scope="retired"),
        expect=refused(400, "invalid_client", "Client disabled"),
    ),
    Row(
        name="audience: a lightweight requester needs a lightweight mapper",
        form=exchange_form(),
        client=Basic("lightweight-app"),
        expect=unavailable("orders-api"),
    ),
    Row(
        name="scope: none",
        form=exchange_form(audience="shipping-api", without=("scope",)),
        expect=issued("shipping-api", scope={"profile", "email", "shipping"}),
    ),
    Row(
        name="scope: empty",
        form=exchange_form(audience="shipping-api", scope=""),
        expect=refused(400, "invalid_scope", "Invalid scopes: "),
    ),
    Row(
        name="scope: unknown",
        form=exchange_form(scope="orders nonsense"),
        expect=refused(400, "invalid_scope", "Invalid scopes: orders nonsense"),
    ),
    Row(
        name="scope: known to the realm, not to the requester",
        form=exchange_form(scope="unassigned"),
        expect=refused(400, "invalid_scope", "Invalid scopes: unassigned"),
    ),
    Row(
        name="scope: consent never given",
        form=exchange_form(),
        client=Basic("consent-app"),
        expect=refused(
            400,
            "invalid_scope",
            "Missing consents for Token Exchange in client consent-app",
        ),
    ),
    Row(
        name="scope: consent given for less",
        form=exchange_form(Login(user="bob"), audience="billing-api", scope="billing"),
        client=Basic("consent-app"),
        expect=refused(
            400,
            "invalid_scope",
            "Missing consents for Token Exchange in client consent-app",
        ),
    ),
)
