"""What can be wrong with impersonation at Keycloak."""

from __future__ import annotations

from kc_exchange.doctor.catalogue.entry import YES, Entry

_SETTING = "KC_EXCHANGE['IMPERSONATION']"
_ROLE = "Users > (the operator) > Role mapping > realm-management impersonation"

IMPERSONATION: dict[str, Entry] = {
    "operator_role_missing": Entry(
        "The operator's token has no client role impersonation of realm-management.",
        "Give the operator that role, and let the client that logs them in have Full "
        "scope allowed, or the role in its scope; then log in again.",
        setting=f"{_SETTING}['OPERATOR_ROLE']",
        console=_ROLE,
    ),
    "impersonation_refused": Entry(setting=_SETTING, console=_ROLE),
    "target_refused_for_operator": Entry(
        "Keycloak does not let the operator impersonate this user, though their token "
        "has the role: the realm knows no user of this id, or the user is disabled or "
        "an administrator of the realm.",
        "Give the user's id at Keycloak (`sub`) as the target, and look at the user: "
        "enabled, and without roles of realm-management that the operator has not.",
        setting=_SETTING,
        console="Users > (the target) > Role mapping",
    ),
    "impersonator_asks_consent": Entry(
        setting=f"{_SETTING}['REALM']",
        console="Clients > {client} > Settings > Consent required",
        provision=YES,
    ),
    "target_without_id": Entry(),
    "token_of_other_client": Entry(setting=f"{_SETTING}['REALM']"),
    "token_type_not_revocable": Entry(),
    "session_not_ended": Entry(setting=f"{_SETTING}['REALM']"),
}
