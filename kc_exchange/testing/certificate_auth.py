"""Authenticate clients by their TLS certificate (RFC 8705)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.testing.model import Client

SHORT_NAMES = {
    "commonName": "CN",
    "countryName": "C",
    "emailAddress": "EMAILADDRESS",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "stateOrProvinceName": "ST",
    "domainComponent": "DC",
}


def subject_name(certificate: Mapping[str, Any]) -> str:
    """Write a certificate's subject as an RFC 2253 name, most specific part first."""
    parts = [
        f"{SHORT_NAMES.get(key, key)}={value}"
        for group in reversed(certificate.get("subject", ()))
        for key, value in group
    ]
    return ", ".join(parts)


def certificate_matches(client: Client, certificate: Mapping[str, Any] | None) -> bool:
    """Tell whether the TLS client certificate is the client's (RFC 8705 section 2.1).

    `x509.subjectdn` is compared part by part, or, with
    `x509.allow.regex.pattern.comparison`, as a regular expression.
    """
    expected = client.attributes.get("x509.subjectdn")
    if certificate is None or not expected:
        return False
    found = subject_name(certificate)
    if client.on("x509.allow.regex.pattern.comparison"):
        return re.fullmatch(expected, found) is not None
    return _parts(found) == _parts(expected)


def _parts(name: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<!\\),", name)]
