"""The tests' own SM4 is the standard's: published vectors."""

from tests.sm4 import encrypt_block, gcm_decrypt, gcm_encrypt, round_keys

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")


def test_the_standards_example_of_one_block() -> None:
    """GB/T 32907-2016, appendix A.1: the key encrypts itself."""
    assert encrypt_block(round_keys(KEY), KEY).hex() == "681edf34d206965e86b3e94f536e4246"


def test_the_standards_round_keys() -> None:
    """Appendix A.1, first and last."""
    keys = round_keys(KEY)
    assert (keys[0], keys[31]) == (0xF12186F9, 0x9124A012)


def test_the_example_of_rfc_8998() -> None:
    """Appendix A.1 of RFC 8998."""
    nonce = bytes.fromhex("00001234567800000000abcd")
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = b"".join(bytes([byte]) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    expected = (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert gcm_encrypt(KEY, nonce, plain, associated).hex() == expected
    assert gcm_decrypt(KEY, nonce, bytes.fromhex(expected), associated) == plain
