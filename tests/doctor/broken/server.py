"""Broken on the way to a realm."""

from __future__ import annotations

from kc_exchange.discovery import _WELL_KNOWN as WELL_KNOWN
from tests.doctor import changes
from tests.doctor.broken.row import REALM, Broken, realm
from tests.doctor.realms import ANNEX, CLINIC

_ABOUT = "realm default"
_DISCOVERY = f"{REALM}['ISSUER']"

ROWS = (
    Broken(
        "the realm's name is mistyped",
        code="realm_unknown",
        provision=True,
        cause="No realm is found at",
        fix="https://HOST/realms/REALM",
        about=_ABOUT,
        setting=_DISCOVERY,
        console="Manage realms",
        settings=lambda world: realm(ISSUER=world.issuer("clinik")),
        token=None,
    ),
    Broken(
        "a slash at the end of ISSUER",
        code="issuer_differs",
        cause="belongs to another issuer",
        fix="to the letter",
        about=_ABOUT,
        setting=_DISCOVERY,
        console="Realm settings > General > Frontend URL",
        settings=lambda world: realm(ISSUER=f"{world.issuer()}/"),
        token=None,
    ),
    Broken(
        "DISCOVERY_URL leads to another realm",
        code="issuer_differs",
        cause=f"/realms/{ANNEX})",
        fix="DISCOVERY_URL",
        about=_ABOUT,
        setting=_DISCOVERY,
        settings=lambda world: realm(DISCOVERY_URL=world.issuer(ANNEX) + WELL_KNOWN),
        token=None,
        annex=True,
    ),
    Broken(
        "the realm has a Frontend URL",
        code="issuer_differs",
        cause="(https://id.example.com/realms/clinic)",
        fix="to the letter",
        about=_ABOUT,
        console="Realm settings > General > Frontend URL",
        changes=(
            changes.realm(CLINIC, attributes={"frontendUrl": "https://id.example.com"}),
        ),
        token=None,
        embedded=False,
    ),
    Broken(
        "nobody listens there",
        code="unreachable",
        cause="refuses or drops the connection",
        fix="Check that Keycloak runs",
        about=_ABOUT,
        setting=_DISCOVERY,
        settings=realm(ISSUER="http://127.0.0.1:9/realms/clinic"),
        token=None,
    ),
    Broken(
        "the host's name does not resolve",
        code="host_unknown",
        cause="does not resolve",
        fix="name service",
        about=_ABOUT,
        setting=_DISCOVERY,
        settings=realm(ISSUER="https://keycloak.invalid/realms/clinic"),
        token=None,
    ),
    Broken(
        "ISSUER is written with https, and there is none",
        code="tls_failed",
        cause="No trusted TLS connection",
        fix="CA_BUNDLE",
        about=_ABOUT,
        setting=f"{REALM}['CA_BUNDLE']",
        settings=lambda world: realm(
            ISSUER=world.issuer().replace("http://", "https://")
        ),
        token=None,
    ),
    Broken(
        "what answers is no Keycloak",
        code="realm_unknown",
        cause="No realm is found at",
        fix="Check ISSUER",
        about=_ABOUT,
        settings=lambda world: realm(ISSUER=f"{world.partner}/realms/clinic"),
        token=None,
    ),
    Broken(
        "the realm asks for https",
        code="https_required",
        cause="The realm asks for https",
        fix="--proxy-headers",
        about=_ABOUT,
        setting=_DISCOVERY,
        console="Realm settings > General > Require SSL",
        changes=(changes.realm(CLINIC, sslRequired="all"),),
        token=None,
        embedded=False,
    ),
    Broken(
        "the realm is disabled",
        code="realm_disabled",
        provision=True,
        cause="The realm is disabled",
        fix="Realm settings > Enabled",
        about=_ABOUT,
        console="Realm settings > Enabled",
        changes=(changes.realm(CLINIC, enabled=False),),
        token=None,
    ),
)
