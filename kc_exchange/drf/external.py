"""The endpoint of a mobile app's backend: a provider's token for one of Keycloak's.

    path("api/token/", ExternalTokenView.as_view(subject_issuers=["google"]))

The request and the answer are those of RFC 8693 sections 2.1 and 2.2, as a form or as
JSON, so that a client library for token exchange can send it.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, NoReturn

from django.utils.decorators import method_decorator
from django.views.decorators.debug import (
    sensitive_post_parameters,
    sensitive_variables,
)
from rest_framework import serializers, status
from rest_framework.exceptions import ErrorDetail, Throttled
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from kc_exchange import conf
from kc_exchange.capture.realms import refuse_foreign
from kc_exchange.drf.throttling import AddressThrottle, SubjectTokenThrottle
from kc_exchange.exceptions import (
    ExchangeDenied,
    ExchangeError,
    ExchangeUnavailable,
    InvalidToken,
    SubjectTokenRejected,
    UnknownRealm,
)
from kc_exchange.external import exchange_external
from kc_exchange.tokens import (
    ACCESS_TOKEN,
    ID_TOKEN,
    JWT,
    MAX_TOKEN_LENGTH,
    TYPE,
    Secret,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rest_framework.request import Request
    from rest_framework.throttling import BaseThrottle

    from kc_exchange.conf import Provider

logger = logging.getLogger(__name__)

_LONGEST_RETRY = 60
_USUAL_RETRY = 5


class ExternalTokenSerializer(serializers.Serializer[Any]):
    """What the app sends (RFC 8693 section 2.1)."""

    subject_token = serializers.CharField(
        max_length=MAX_TOKEN_LENGTH, trim_whitespace=False
    )
    subject_token_type = serializers.ChoiceField(choices=[ACCESS_TOKEN, ID_TOKEN, JWT])
    subject_issuer = serializers.CharField(max_length=255)

    def validate_subject_token(self, value: str) -> Secret:
        """Return the token as one that no repr shows."""
        return Secret(value)


# Django mails the report of a 5xx answer to ADMINS, with the form that was sent.
@method_decorator(sensitive_post_parameters(), name="dispatch")
class ExternalTokenView(APIView):
    """Exchange a token of one of `subject_issuers`, which `as_view` is given.

    Whoever has such a token may ask: no other authentication is needed, and none is
    looked at. How often, the throttles say.
    """

    subject_issuers: Sequence[str] = ()
    """Aliases of PROVIDERS; others are refused without asking Keycloak.

    So is one of another realm than the request's, where REALM_OF_REQUEST names one.
    """
    scopes: Sequence[str] = ()
    """What is asked for at Keycloak, beside the client's default scopes."""
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes: Sequence[type[BaseThrottle]] = (
        AddressThrottle,
        SubjectTokenThrottle,
    )
    parser_classes = (FormParser, JSONParser)
    renderer_classes = (JSONRenderer,)
    serializer_class = ExternalTokenSerializer

    @sensitive_variables()
    def post(self, request: Request) -> Response:
        """Answer with an access token, or with an error of RFC 6749 section 5.2."""
        asked = ExternalTokenSerializer(data=request.data)
        if not asked.is_valid():
            wrong = ", ".join(sorted(asked.errors))
            return _refused("invalid_request", f"Missing or malformed: {wrong}.")
        sent = asked.validated_data
        alias = sent["subject_issuer"]
        objection = self._objection(request, alias, sent["subject_token_type"])
        if objection:
            return _refused("invalid_request", objection)
        try:
            tokens = exchange_external(
                sent["subject_token"],
                sent["subject_token_type"],
                alias,
                scopes=self.scopes,
            )
        except ExchangeError as error:
            return _answer_to(error)
        issued = {
            "access_token": str(tokens.access_token),
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": max(0, int(tokens.expires_at - time.time())),
        }
        return Response(issued, headers={"Cache-Control": "no-store"})

    def throttled(self, request: Request, wait: float | None) -> NoReturn:
        """Say so as the other errors are said; 429, with `Retry-After`."""
        del request
        error = Throttled(wait)
        error.detail = {
            "error": ErrorDetail("temporarily_unavailable"),
            "error_description": ErrorDetail("Too many requests. Try again later."),
        }
        raise error

    def _objection(self, request: Request, alias: str, token_type: str) -> str:
        """Say why tokens of that issuer and type are not taken here; empty: they are.

        An issuer may be another tenant's at this address.
        """
        unknown = "This subject_issuer is not accepted."
        if alias not in self.subject_issuers:
            return unknown
        provider = conf.current().provider(alias)
        if not _is_of_realm(request, provider):
            return unknown
        wanted = f"{TYPE}{provider.token_type}"
        if token_type != wanted:
            return f"The subject_token_type of this subject_issuer is {wanted}."
        return ""


def _is_of_realm(request: Request, provider: Provider) -> bool:
    try:
        # Django's own request, as everywhere else REALM_OF_REQUEST is asked.
        refuse_foreign(request._request, provider.realm)  # noqa: SLF001
    except (SubjectTokenRejected, UnknownRealm) as error:
        logger.warning(
            "kc_exchange.token_refused reason=provider %s is of realm %s: %s",
            provider.alias,
            provider.realm,
            error,
        )
        return False
    return True


def _answer_to(error: ExchangeError) -> Response:
    """The app can act on three kinds of refusals; the rest is for the log."""
    if isinstance(error, (InvalidToken, SubjectTokenRejected)):
        cause = "The token is expired, revoked, or not meant for this service."
        return _refused("invalid_grant", cause)
    if isinstance(error, ExchangeDenied):
        return _refused("access_denied", error.cause, status.HTTP_403_FORBIDDEN)
    if isinstance(error, ExchangeUnavailable):
        wait = int(min(_LONGEST_RETRY, max(1, error.retry_after or _USUAL_RETRY)))
        answer = _refused(
            "temporarily_unavailable",
            "Try again later.",
            status.HTTP_503_SERVICE_UNAVAILABLE,
        )
        answer["Retry-After"] = str(wait)
        return answer
    raise error


def _refused(
    error: str, description: str, code: int = status.HTTP_400_BAD_REQUEST
) -> Response:
    return Response(
        {"error": error, "error_description": description},
        status=code,
        headers={"Cache-Control": "no-store"},
    )
