"""What `engine/callback_key.py` needs of the cryptography library: RSA over MD5, as OSS signs."""

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_BITS = 2048


def generate() -> bytes:
    """A new private key, as PKCS #8 in DER."""
    return rsa.generate_private_key(65537, _BITS).private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


class KeyPair:
    """A private key that was loaded."""

    def __init__(self, der: bytes) -> None:
        key = serialization.load_der_private_key(der, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key

    def sign(self, data: bytes) -> bytes:
        """A signature: PKCS #1 v1.5 over the MD5 sum of the data."""
        return self._key.sign(data, padding.PKCS1v15(), hashes.MD5())  # noqa: S303  (the protocol's)

    def public_pem(self) -> bytes:
        """The public key in PEM."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
