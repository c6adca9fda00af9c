"""Broken by a client policy of the realm."""

from __future__ import annotations

from tests.doctor import changes
from tests.doctor.broken.row import ORDERS, Broken

_SCOPES = f"{ORDERS}['SCOPES']"

ROWS = (
    Broken(
        "a policy allows no more scope than the login's",
        code="scope_not_in_subject",
        cause="no scope beyond those of the user's own token",
        fix="Let the login ask for the scope",
        setting=_SCOPES,
        console="Realm settings > Client policies",
        changes=(changes.Policy("downscope-assertion-grant-enforcer"),),
        embedded=False,
    ),
    Broken(
        "a policy refuses every exchange",
        code="policy_refuses",
        cause="Request not allowed",
        fix="look at the policies that apply to django-app",
        console="Realm settings > Client policies",
        changes=(changes.Policy("reject-request"),),
        embedded=False,
    ),
    Broken(
        "a policy asks for a claim",
        code="policy_refuses",
        cause="Required claim 'department' is missing",
        fix="Client policies",
        console="Realm settings > Client policies",
        changes=(changes.Policy("jwt-claim-enforcer", {"claim-name": "department"}),),
        embedded=False,
    ),
)
