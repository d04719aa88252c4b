"""Temporary keys: a token that says by itself whose it is, sealed so that only we can make one.

Nothing is stored when a role is assumed. The token carries the role's row, the session and its
policy, and the temporary key's secret derives from the key's id (docs/decisions/0013).
"""

import hmac
import secrets
import zlib
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

import msgspec

PREFIX = "STS."
TOKEN_MAX = 4096  # characters: it travels in headers, URLs and form fields
_FORMAT = 1
_NONCE_BYTES = 12
_ID_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789"
_ID_SIZE = 25
_SECRET_SIZE = 44
_REMEMBERED_MAX = 4096


class Session(msgspec.Struct, array_like=True, frozen=True):
    """What a token says: which role, in whose account, called what, until when."""

    key_id: str
    role: int
    account: int
    uid: str
    name: str
    expires_s: int
    policy: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Session).decode


def new_key_id() -> str:
    """The id of a temporary key."""
    return PREFIX + "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_SIZE))


class Tokens:
    """Makes and opens tokens under one key of 32 bytes; what was opened is remembered."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"tokens", "sha256")
        self._secrets = hmac.digest(key, b"secrets", "sha256")
        self._opened: dict[str, Session] = {}

    def secret(self, key_id: str) -> str:
        """The secret of a temporary key."""
        drawn = hmac.digest(self._secrets, key_id.encode("utf-8", "replace"), "sha512")
        return urlsafe_b64encode(drawn).decode().replace("-", "a").replace("_", "b")[:_SECRET_SIZE]

    def seal(self, session: Session) -> str:
        """The token of a session."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = zlib.compress(_encode(session))
        head = bytes((_FORMAT,))
        sealed = head + nonce + AESGCM(self._key).encrypt(nonce, plain, head)
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, token: str) -> Session | None:
        """What a token says; None of one that we did not make."""
        found = self._opened.get(token)
        if found is None and len(token) <= TOKEN_MAX:
            found = self._unseal(token)
            if found is not None:
                if len(self._opened) >= _REMEMBERED_MAX:
                    self._opened.clear()
                self._opened[token] = found
        return found

    def _unseal(self, token: str) -> Session | None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            sealed = b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
        except (Base64Error, ValueError):
            return None
        head, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if head != bytes((_FORMAT,)) or len(rest) < 16:
            return None
        try:
            plain = AESGCM(self._key).decrypt(nonce, rest, head)
        except InvalidTag:
            return None
        return _decode(zlib.decompress(plain))
