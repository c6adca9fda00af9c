"""What can be wrong on the way to a realm, and with the realm itself."""

from __future__ import annotations

from kc_exchange.doctor.catalogue.entry import REALM, YES, Entry

_ISSUER = f"{REALM}['ISSUER']"
_BEHIND_PROXY = (
    "Start Keycloak with --hostname=https://HOST, or with --proxy-headers=xforwarded "
    "behind a proxy that sets them: then its document names https."
)
_FIXED = "Take Keycloak 26.4.16, 26.6.7, 26.7.4 or a later release of these lines."

SERVER: dict[str, Entry] = {
    "host_unknown": Entry(setting=_ISSUER),
    "unreachable": Entry(setting=_ISSUER),
    "deadline_passed": Entry(setting=f"{REALM}['DEADLINE']"),
    "tls_failed": Entry(setting=f"{REALM}['CA_BUNDLE']"),
    "ca_bundle_unreadable": Entry(setting=f"{REALM}['CA_BUNDLE']"),
    "certificate_unreadable": Entry(setting=f"{REALM}['CERTIFICATE']"),
    "realm_unknown": Entry(setting=_ISSUER, console="Manage realms"),
    "realm_disabled": Entry(console="Realm settings > Enabled", provision=YES),
    "https_required": Entry(
        setting=_ISSUER, console="Realm settings > General > Require SSL"
    ),
    "issuer_differs": Entry(
        setting=_ISSUER, console="Realm settings > General > Frontend URL"
    ),
    "not_keycloak": Entry(setting=_ISSUER),
    "not_keycloaks_paths": Entry(
        "The discovery document is not Keycloak's: its token endpoint has another "
        "path.",
        "Write the issuer of a Keycloak realm into ISSUER; other servers refuse in "
        "words that are not known here.",
        setting=_ISSUER,
        state="warning",
    ),
    "endpoint_unusable": Entry(
        fix=_BEHIND_PROXY,
        setting=_ISSUER,
        console="Realm settings > General > Frontend URL",
    ),
    "redirected": Entry(setting=_ISSUER),
    "server_error": Entry(),
    "server_failed": Entry(),
    "throttled": Entry(),
    "breaker_open": Entry(),
    "bulkhead_full": Entry(setting=f"{REALM}['MAX_IN_FLIGHT']"),
    "unexplained": Entry(),
    "slow": Entry(
        "Keycloak took {seconds} s for the discovery document alone; DEADLINE is "
        "{deadline} s for a whole exchange.",
        "Look at Keycloak's load and at the network between; or give DEADLINE more "
        "seconds.",
        setting=f"{REALM}['DEADLINE']",
        state="warning",
    ),
    "keys_unusable": Entry(
        "The realm's key set cannot be used: {why}.",
        "Realm settings > Keys > Add providers: an RSA or EC key for signatures, "
        "active, of 2,048 bits or more.",
        setting=f"{REALM}['DISCOVERY_URL']",
        console="Realm settings > Keys",
    ),
    "clock_differs": Entry(
        fix="Set the clock of this machine, or that of Keycloak, by a time server.",
        setting="KC_EXCHANGE['LEEWAY']",
    ),
    "cve_2026_9704": Entry(
        "This server drops a token that is too long instead of refusing it "
        "(CVE-2026-9704): it is older than 26.4.13 or 26.6.3.",
        _FIXED,
    ),
    "cve_2026_17526": Entry(
        "This server ({version}) lets whoever may impersonate act as the realm's "
        "administrators, too (CVE-2026-17526).",
        _FIXED,
    ),
    "cve_2026_17526_possible": Entry(
        "Legacy exchange is on and this project impersonates: releases before "
        "26.4.16, 26.6.7 and 26.7.4, and all of 26.5, let an operator act as the "
        "realm's administrators (CVE-2026-17526). The release is not known here.",
        f"{_FIXED} KEYCLOAK_ADMIN_USERNAME and KEYCLOAK_ADMIN_PASSWORD in the "
        "environment let doctor ask for the release.",
        state="warning",
    ),
    "admin_refused": Entry(
        "KEYCLOAK_ADMIN_USERNAME and KEYCLOAK_ADMIN_PASSWORD are set, and Keycloak "
        "does not say its release to them: {why}.",
        "Give those of an administrator of the realm master, or unset them.",
        state="warning",
    ),
}
