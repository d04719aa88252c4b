"""What `engine/cipher.py` offers, by the cryptography library: AES-256 and SM4 in GCM."""

import secrets
from struct import Struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mossbox.engine.blobfile import OVERHEAD, BlobDamaged

_NONCE_BYTES = 12
_covered = Struct("<QQ").pack


class AesCodec:
    """AES-256-GCM; the hardware does it, a tenth of a millisecond a MiB: it may run anywhere."""

    slow = False

    def __init__(self, key: bytes, blob: int) -> None:
        self._gcm = AESGCM(key)
        self._blob = blob

    def seal(self, number: int, block: memoryview, end: int, out: memoryview) -> None:
        """Write a block as it is stored into `out`."""
        nonce = number.to_bytes(12, "big")
        self._gcm.encrypt_into(nonce, block, _covered(self._blob, end), out)

    def open(self, number: int, stored: memoryview, end: int, out: memoryview) -> None:
        """Write a stored block's plain bytes into `out`."""
        nonce = number.to_bytes(12, "big")
        try:
            self._gcm.decrypt_into(nonce, stored, _covered(self._blob, end), out)
        except (InvalidTag, ValueError):
            raise _forged(number) from None


class Sm4Codec:
    """SM4-GCM; its library does without hardware, so it never runs in the event loop."""

    slow = True

    def __init__(self, key: bytes, blob: int) -> None:
        self._algorithm = algorithms.SM4(key)
        self._blob = blob

    def seal(self, number: int, block: memoryview, end: int, out: memoryview) -> None:
        """Write a block as it is stored into `out`."""
        mode = modes.GCM(number.to_bytes(12, "big"))
        context = Cipher(self._algorithm, mode).encryptor()
        context.authenticate_additional_data(_covered(self._blob, end))
        out[:-OVERHEAD] = context.update(block) + context.finalize()
        out[-OVERHEAD:] = context.tag

    def open(self, number: int, stored: memoryview, end: int, out: memoryview) -> None:
        """Write a stored block's plain bytes into `out`."""
        if len(stored) < OVERHEAD:
            raise _forged(number)
        mode = modes.GCM(number.to_bytes(12, "big"), bytes(stored[-OVERHEAD:]))
        context = Cipher(self._algorithm, mode).decryptor()
        context.authenticate_additional_data(_covered(self._blob, end))
        plain = context.update(stored[:-OVERHEAD])
        try:
            plain += context.finalize()
        except InvalidTag:
            raise _forged(number) from None
        out[:] = plain


class AesWrapping:
    """Keys under another key: a random nonce, and AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        self._gcm = AESGCM(key)

    def wrap(self, key: bytes, covered: bytes) -> bytes:
        """A key as it is stored; `covered` must be the same when it is unwrapped."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._gcm.encrypt(nonce, key, covered)

    def unwrap(self, stored: bytes, covered: bytes) -> bytes:
        """The key; raises BlobDamaged."""
        try:
            return self._gcm.decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], covered)
        except (InvalidTag, ValueError):
            raise BlobDamaged("a key does not open: it was changed, or wrapped otherwise") from None


def _forged(number: int) -> BlobDamaged:
    return BlobDamaged(f"block {number} does not open: it was changed, or the key is another's")
