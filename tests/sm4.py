"""SM4 in GCM, written from the standards for tests: the server's cipher is checked against it.

GB/T 32907-2016 for the cipher, NIST SP 800-38D for the mode, RFC 8998 for a vector of both. It is
slow and leaks timing: never use it for anything else.
"""

_SBOX = bytes.fromhex(
    "d690e9fecce13db716b614c228fb2c052b679a762abe04c3aa441326498606999c4250f491ef987a33540b43edcfac62"
    "e4b31ca9c908e89580df94fa758f3fa64707a7fcf37317ba83593c19e6854fa8686b81b27164da8bf8eb0f4b70569d35"
    "1e240e5e6358d1a225227c3b01217887d40046579fd327524c3602e7a0c4c89eeabf8ad240c738b5a3f7f2cef96115a1"
    "e0ae5da49b341a55ad933230f58cb1e31df6e22e8266ca60c02923ab0d534e6fd5db3745defd8e2f03ff6a726d6c5b51"
    "8d1baf92bbddbc7f11d95c411f105ad80ac13188a5cd7bbd2d74d012b8e5b4b08969974a0c96777e65b9f109c56ec684"
    "18f07dec3adc4d2079ee5f3ed7cb3948"
)
_FK = (0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC)
_CK = [sum(((4 * i + j) * 7 % 256) << (24 - 8 * j) for j in range(4)) for i in range(32)]
_WORD = 0xFFFFFFFF


def _rotate(word: int, count: int) -> int:
    return ((word << count) | (word >> (32 - count))) & _WORD


def _substitute(word: int) -> int:
    return int.from_bytes(bytes(_SBOX[byte] for byte in word.to_bytes(4, "big")), "big")


def round_keys(key: bytes) -> list[int]:
    """The 32 round keys."""
    words = [
        int.from_bytes(key[i : i + 4], "big") ^ fk
        for i, fk in zip(range(0, 16, 4), _FK, strict=True)
    ]
    for i in range(32):
        mixed = _substitute(words[i + 1] ^ words[i + 2] ^ words[i + 3] ^ _CK[i])
        words.append(words[i] ^ mixed ^ _rotate(mixed, 13) ^ _rotate(mixed, 23))
    return words[4:]


def encrypt_block(keys: list[int], block: bytes) -> bytes:
    """One block of 16 bytes."""
    words = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 16, 4)]
    for i, key in enumerate(keys):
        mixed = _substitute(words[i + 1] ^ words[i + 2] ^ words[i + 3] ^ key)
        for count in (2, 10, 18, 24):
            words[i] ^= _rotate(mixed, count)
        words.append(words[i] ^ mixed)
    return b"".join(word.to_bytes(4, "big") for word in reversed(words[-4:]))


def _times(left: int, right: int) -> int:
    """Multiplication in GCM's field."""
    product = 0
    for bit in range(127, -1, -1):
        if left >> bit & 1:
            product ^= right
        right = (right >> 1) ^ (0xE1 << 120 if right & 1 else 0)
    return product


def _hash(secret: int, associated: bytes, ciphertext: bytes) -> int:
    lengths = (8 * len(associated)).to_bytes(8, "big") + (8 * len(ciphertext)).to_bytes(8, "big")
    state = 0
    for part in (associated, ciphertext, lengths):
        for start in range(0, len(part), 16):
            block = part[start : start + 16].ljust(16, b"\0")
            state = _times(state ^ int.from_bytes(block, "big"), secret)
    return state


def gcm_encrypt(key: bytes, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
    """Ciphertext and tag; `nonce` has 12 bytes."""
    keys = round_keys(key)
    ciphertext = _stream(keys, nonce, plain)
    secret = int.from_bytes(encrypt_block(keys, bytes(16)), "big")
    mask = int.from_bytes(encrypt_block(keys, nonce + b"\0\0\0\1"), "big")
    tag = _hash(secret, associated, ciphertext) ^ mask
    return ciphertext + tag.to_bytes(16, "big")


def gcm_decrypt(key: bytes, nonce: bytes, stored: bytes, associated: bytes) -> bytes:
    """The plain bytes; an AssertionError for a tag that is not theirs."""
    plain = _stream(round_keys(key), nonce, stored[:-16])
    assert gcm_encrypt(key, nonce, plain, associated) == stored
    return plain


def _stream(keys: list[int], nonce: bytes, data: bytes) -> bytes:
    out = bytearray()
    for number, start in enumerate(range(0, len(data), 16), 2):
        pad = encrypt_block(keys, nonce + number.to_bytes(4, "big"))
        out += bytes(a ^ b for a, b in zip(data[start : start + 16], pad, strict=False))
    return bytes(out)
