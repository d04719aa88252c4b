"""TLS contexts, and a certificate of one's own for people who have none."""

import datetime
import ipaddress
import os
import ssl
from pathlib import Path

from mossbox import clock

_LIFETIME_DAYS = 825  # the longest that clients accept


def context(cert: str, key: str) -> ssl.SSLContext:
    """A server context: TLS 1.2 and later. Raises OSError, ssl.SSLError for unusable files."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(cert, key)
    made.set_alpn_protocols(["http/1.1"])
    return made


def self_signed(folder: Path, names: tuple[str, ...]) -> tuple[str, str]:
    """Certificate and key files for `names` in a folder, made if they are not there.

    The certificate is its own authority, so clients can be told to trust just this file.
    """
    cert_path, key_path = folder / "tls-cert.pem", folder / "tls-key.pem"
    if not (cert_path.exists() and key_path.exists()):
        cert, key = _make(names)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(fd, "wb") as file:
            file.write(key)
        cert_path.write_bytes(cert)
    return str(cert_path), str(key_path)


def _make(names: tuple[str, ...]) -> tuple[bytes, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Mossbox on this machine")])
    now = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_LIFETIME_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]), False)
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), False)
    )
    cert = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    return cert.public_bytes(pem), key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _alternative(name: str):  # type: ignore[no-untyped-def]  # the library loads on demand
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
