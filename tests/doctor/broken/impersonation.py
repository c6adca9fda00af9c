"""Broken at impersonation."""

from __future__ import annotations

from tests.doctor import changes
from tests.doctor.broken.row import Broken
from tests.doctor.realms import ALICE_ID
from tests.doctor.tokens import Login
from tests.real_keycloak import LEGACY

_ABOUT = "impersonation"
_OLGA = Login(user="olga")
_ROLE = "Users > (the operator) > Role mapping > realm-management impersonation"
_SETTING = "KC_EXCHANGE['IMPERSONATION']"

ROWS = (
    Broken(
        "Keycloak runs without the feature",
        code="legacy_off",
        cause="without its legacy token exchange",
        fix="--features=token-exchange",
        about=_ABOUT,
        token=_OLGA,
        target=ALICE_ID,
    ),
    Broken(
        "the operator has not the role",
        code="operator_role_missing",
        cause="no client role impersonation",
        fix="Give the operator that role",
        about=_ABOUT,
        setting=f"{_SETTING}['OPERATOR_ROLE']",
        console=_ROLE,
        token=Login(user="bob"),
        target=ALICE_ID,
        on=(LEGACY,),
    ),
    Broken(
        "the operators' role does not bring the one of Keycloak's",
        code="operator_role_missing",
        cause="no client role impersonation",
        fix="Give the operator that role",
        about=_ABOUT,
        provision=True,
        settings={"IMPERSONATION": {"OPERATOR_ROLE": "customer"}},
        token=Login(user="rita"),
        target=ALICE_ID,
        on=(LEGACY,),
    ),
    Broken(
        "the login's client leaves the role out of tokens",
        code="operator_role_missing",
        cause="no client role impersonation",
        fix="Full scope allowed",
        about=_ABOUT,
        console=_ROLE,
        changes=(changes.client("frontend", fullScopeAllowed=False),),
        token=_OLGA,
        target=ALICE_ID,
        on=(LEGACY,),
    ),
    Broken(
        "the target is unknown",
        code="target_refused_for_operator",
        cause="though their token has the role",
        fix="the user's id at Keycloak",
        about=_ABOUT,
        setting=_SETTING,
        console="Users > (the target) > Role mapping",
        token=_OLGA,
        target="00000000-0000-4000-8000-000000000000",
        on=(LEGACY,),
    ),
    Broken(
        "the target is disabled",
        code="target_refused_for_operator",
        cause="the user is disabled",
        fix="look at the user: enabled",
        about=_ABOUT,
        changes=(changes.user("alice", enabled=False),),
        token=_OLGA,
        target=ALICE_ID,
        on=(LEGACY,),
    ),
    Broken(
        "the requester is not in the operator's audience",
        code="requester_not_in_audience",
        cause="The operator's token is not meant for django-app",
        fix="audience mapper for django-app",
        about=_ABOUT,
        changes=(changes.Mappers("clients", "frontend"),),
        token=_OLGA,
        target=ALICE_ID,
        on=(LEGACY,),
    ),
    Broken(
        "the impersonating client asks for consent",
        code="impersonator_asks_consent",
        provision=True,
        cause="asks its users for consent",
        fix="Consent required: switch it off",
        about=_ABOUT,
        setting=f"{_SETTING}['REALM']",
        console="Clients > django-app > Settings > Consent required",
        changes=(changes.client("django-app", consentRequired=True),),
        token=_OLGA,
        target=ALICE_ID,
        on=(LEGACY,),
    ),
    Broken(
        "a token of the target that lives long",
        code="lifespan_long",
        provision=True,
        cause="lives 900 s",
        fix="60 to 120 for impersonation",
        about=_ABOUT,
        state="warning",
        changes=(changes.attribute("django-app", "access.token.lifespan", "900"),),
        token=_OLGA,
        target=ALICE_ID,
        on=(LEGACY,),
    ),
    Broken(
        "nobody knows the release",
        code="cve_2026_17526_possible",
        cause="CVE-2026-17526",
        fix="26.7.4",
        about="realm default",
        state="warning",
        token=_OLGA,
        target=ALICE_ID,
        on=(LEGACY,),
    ),
)
