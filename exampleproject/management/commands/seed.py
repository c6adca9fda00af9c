"""Make the people of the realm's file known to the shop, before their first login."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from exampleproject.demo.keycloak import people, realms
from kc_exchange.models import user_of


class Command(BaseCommand):
    """Make a user and a Keycloak identity for each person who buys or sells."""

    help = (
        "Make the people of exampleproject/keycloak/shop-realm.json known to the "
        "shop, as their first login would. Nobody is made twice."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make those who are missing, and say who is known now."""
        del args
        shop = realms()[0]
        names = [str(user_of(_claims(user))) for user in people(shop)]
        if options["verbosity"]:
            self.stdout.write(f"Known to the shop: {', '.join(names)}.")


def _claims(user: dict[str, Any]) -> dict[str, Any]:
    """Return what an ID token of this person says of them."""
    return {
        "iss": settings.ISSUER,
        "sub": user["id"],
        "preferred_username": user["username"],
        "given_name": user["firstName"],
        "family_name": user["lastName"],
        "email": user["email"],
        "email_verified": user["emailVerified"],
        "realm_access": {"roles": user["realmRoles"]},
    }
