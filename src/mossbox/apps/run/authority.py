"""A certificate authority that lives as long as one run, for the names of its world alone."""

import datetime
import ipaddress
import os
import ssl
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from mossbox import clock
from mossbox.apps.run.names import ADDRESS

STORE_PASSWORD = "changeit"  # noqa: S105  (a Java trust store has one; it holds nothing secret)
_LIFETIME = datetime.timedelta(days=30)
_SLACK = datetime.timedelta(days=1)


class Authority:
    """Makes certificates; its own key is kept in memory and nowhere else.

    In `folder` it leaves ``ca.pem`` and ``ca.p12`` (for Java) for clients, and ``tls-key.pem``,
    mode 0600, which all its certificates share.
    """

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._folder = folder
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.certificate = self._own_certificate()
        self._write("ca.pem", _pem(self.certificate), 0o644)
        trusted = [pkcs12.PKCS12Certificate(self.certificate, b"mossbox")]
        encryption = serialization.BestAvailableEncryption(STORE_PASSWORD.encode())
        self._write("ca.p12", pkcs12.serialize_java_truststore(trusted, encryption), 0o644)
        self._write("tls-key.pem", _key_pem(self._leaf_key), 0o600)

    @property
    def fingerprint(self) -> str:
        """The hash of the public key, as Chromium is told whom to trust."""
        public = self.certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return b64encode(sha256(public).digest()).decode()

    def context(self, name: str) -> ssl.SSLContext:
        """A server's TLS context for a host name."""
        found = self._contexts.get(name)
        if found is None:
            found = self._contexts[name] = self._make_context(name)
        return found

    def _make_context(self, name: str) -> ssl.SSLContext:
        chain = self._folder / "tls-cert.pem"
        chain.write_bytes(_pem(self._certificate(name)) + _pem(self.certificate))
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.load_cert_chain(chain, self._folder / "tls-key.pem")
        chain.unlink()
        made.set_alpn_protocols(["http/1.1"])
        return made

    def _own_certificate(self) -> x509.Certificate:
        name = _named("Mossbox, one run")
        names = [x509.DNSName(one) for one in ("aliyuncs.com", "alicdn.com", "localhost")]
        address = x509.IPAddress(ipaddress.ip_network(f"{ADDRESS}/8", strict=False))
        return (
            _builder(self._key.public_key())
            .subject_name(name)
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.NameConstraints([*names, address], None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), False)
            .sign(self._key, hashes.SHA256())
        )

    def _certificate(self, name: str) -> x509.Certificate:
        own = [x509.DNSName(name)] if name else [x509.IPAddress(ipaddress.ip_address(ADDRESS))]
        public = self._key.public_key()
        return (
            _builder(self._leaf_key.public_key())
            .subject_name(_named("Mossbox"))  # no host name, which would be taken for another
            .issuer_name(self.certificate.subject)
            .add_extension(x509.SubjectAlternativeName(own), False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False)
            .sign(self._key, hashes.SHA256())
        )

    def _write(self, name: str, data: bytes, mode: int) -> None:
        fd = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with open(fd, "wb") as file:
            file.write(data)


def _builder(public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC)
    return (
        x509.CertificateBuilder()
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + _LIFETIME)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates,
        crl_sign=signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
