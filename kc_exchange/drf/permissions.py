"""Decide by what the access token says: its scope and its roles.

Each function makes a permission class, for `permission_classes`, which can be combined
with others by `&`, `|` and `~`. Where `request.auth` is not this package's, because
another authentication let the request in, the permission is denied.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission

from kc_exchange.conf import current
from kc_exchange.drf.errors import challenge
from kc_exchange.jwt_validation import Claims

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""A scope token (RFC 6749 section 3.3)."""


class _ClaimsPermission(BasePermission):
    scopes: tuple[str, ...] = ()

    def holds(self, claims: Claims) -> bool:
        raise NotImplementedError

    def has_permission(self, request: Request, view: APIView) -> bool:
        claims = request.auth
        if not isinstance(claims, Claims):
            return False
        if self.holds(claims):
            return True
        if self.scopes:
            _challenge_if_denied(view, self.scopes)
        return False

    def has_object_permission(
        self,
        request: Request,
        view: APIView,
        obj: Any,  # noqa: ARG002
    ) -> bool:
        return self.has_permission(request, view)  # `~` asks here, too


def HasScope(scope: str, *more: str) -> type[BasePermission]:  # noqa: N802 - a class
    """Require all of these scopes in the token's `scope`.

    Without them the answer is 403 with `error="insufficient_scope"` and the scopes
    that would do (RFC 6750 section 3.1).

    Raises:
        ValueError: what is given is not a scope (RFC 6749 section 3.3).
    """
    wanted = (scope, *more)
    if not all(map(_SCOPE.fullmatch, wanted)):
        raise ValueError(f"{wanted} are not scopes. Fix: HasScope('a:read', 'b:read').")

    class Permission(_ClaimsPermission):
        scopes = wanted

        def holds(self, claims: Claims) -> bool:
            return claims.scope.issuperset(wanted)

    return _named(Permission, f"HasScope{wanted}")


def HasRealmRole(  # noqa: N802 - used as a class
    role: str, *more: str, realm: str = ""
) -> type[BasePermission]:
    """Require all of these roles of the realm (`realm_access`).

    Args:
        role: its name.
        more: names of others.
        realm: the alias of the one of REALMS that must have given them. Without it any
            does whose users come here, and a tenant's administrator gives them at will.
    """

    class Permission(_ClaimsPermission):
        def holds(self, claims: Claims) -> bool:
            given = claims.realm_roles.issuperset((role, *more))
            return given and _is_of(claims, realm)

    return _named(Permission, f"HasRealmRole{(role, *more)}")


def HasClientRole(  # noqa: N802 - used as a class
    client: str, role: str, *more: str, realm: str = ""
) -> type[BasePermission]:
    """Require all of these roles of one client (`resource_access`).

    `realm` is that of `HasRealmRole`.
    """

    class Permission(_ClaimsPermission):
        def holds(self, claims: Claims) -> bool:
            given = claims.client_roles(client).issuperset((role, *more))
            return given and _is_of(claims, realm)

    return _named(Permission, f"HasClientRole{(client, role, *more)}")


def _is_of(claims: Claims, realm: str) -> bool:
    return not realm or claims.issuer == current().realm(realm).issuer


def _named(permission: type[BasePermission], name: str) -> type[BasePermission]:
    permission.__qualname__ = permission.__name__ = name
    return permission


def _challenge_if_denied(view: APIView, scopes: tuple[str, ...]) -> None:
    """Add the challenge to the refusal of this request, if it comes to one.

    Raised here, it would end `HasScope("a") | IsAdminUser` before the second was asked.
    """
    refuse = view.permission_denied

    def denied(request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        try:
            refuse(request, *args, **kwargs)
        except PermissionDenied as error:
            error.auth_header = _insufficient(request, scopes)  # type: ignore[attr-defined]
            raise

    view.permission_denied = denied  # type: ignore[method-assign]


def _insufficient(request: Request, scopes: tuple[str, ...]) -> str:
    used = request.successful_authenticator
    return challenge(
        getattr(used, "www_authenticate_realm", "api"),
        error="insufficient_scope",
        error_description="The access token has not the scope that is needed.",
        scope=" ".join(scopes),
    )
