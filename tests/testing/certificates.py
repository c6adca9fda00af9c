"""A certificate authority for one test."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path


def named(name: str) -> x509.Name:
    """A subject in the organisation Example."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


class Authority:
    """Issues certificates as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = str(folder / "authority.pem")
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = self.builder("authority", self.key)
        builder = builder.add_extension(constraints, critical=True)
        builder = builder.add_extension(usage, critical=True)
        builder = builder.add_extension(self.identifier(), critical=False)
        self.write("authority.pem", builder.sign(self.key, hashes.SHA256()))

    def identifier(self) -> x509.SubjectKeyIdentifier:
        """The identifier of the authority's own key."""
        return x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())

    def builder(
        self, name: str, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        """What all certificates have in common."""
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(named(name))
        builder = builder.issuer_name(named("authority")).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1))
        return builder.not_valid_after(now + timedelta(hours=1))

    def issue(self, name: str) -> str:
        """Write key and certificate into one file and return its path."""
        key = ec.generate_private_key(ec.SECP256R1())
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = self.builder(name, key).add_extension(
            x509.SubjectAlternativeName([address]), critical=False
        )
        issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
            self.identifier()
        )
        builder = builder.add_extension(issuer, critical=False)
        return self.write(f"{name}.pem", builder.sign(self.key, hashes.SHA256()), key)

    def write(
        self,
        name: str,
        certificate: x509.Certificate,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> str:
        """Write a file of PEM blocks."""
        text = certificate.public_bytes(serialization.Encoding.PEM)
        if key is not None:
            text += key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        path = self.folder / name
        path.write_bytes(text)
        return str(path)

    def server_context(self) -> ssl.SSLContext:
        """A context that serves 127.0.0.1 and asks for client certificates."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.file)
        context.load_cert_chain(self.issue("server"))
        context.verify_mode = ssl.CERT_OPTIONAL
        return context
