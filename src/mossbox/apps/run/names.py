"""The name server of a private world: the vendor's names and this machine's, and no other.

Source: RFC 1035, sections 4.1 (messages) and 3.2 (types and classes).
"""

from mossbox.fronts.hosts import is_vendor

ADDRESS = "127.0.0.1"
KEY_ADDRESS = "127.0.0.2"  # where nothing is served but the key of callbacks
KEY_HOST = "gosspublic.alicdn.com"  # where the vendor publishes its own
_QUERY, _ANSWER = 0x8000, 0x8480  # an answer is final, and recursion is on offer
_RECURSE = 0x0100
_NO_SUCH_NAME, _NOT_IMPLEMENTED = 3, 4
_A, _IN = 1, 1
_HEADER_BYTES = 12
_LABEL_MAX = 63


def leads_here(name: str) -> bool:
    """Whether a host name, as a client wrote it, means this world's own address."""
    name = name.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost") or name == KEY_HOST:
        return True
    return is_vendor(name)


def answer(message: bytes) -> bytes | None:
    """The answer to a DNS query; None for what is none."""
    if len(message) < _HEADER_BYTES:
        return None
    flags = int.from_bytes(message[2:4], "big")
    if flags & _QUERY or message[4:6] != b"\0\1":
        return None
    found = _question(message)
    if found is None:
        return None
    name, end = found
    question = message[_HEADER_BYTES:end]
    kind = int.from_bytes(question[-4:-2], "big")
    records = b""
    code = 0
    if flags & 0x7800:
        code = _NOT_IMPLEMENTED
    elif not leads_here(name):
        code = _NO_SUCH_NAME
    elif kind == _A:
        is_key = name.lower().rstrip(".") == KEY_HOST
        records = _address_record(KEY_ADDRESS if is_key else ADDRESS)
    head = message[:2] + (_ANSWER | (flags & _RECURSE) | code).to_bytes(2, "big")
    return head + b"\0\1" + (b"\0\1" if records else b"\0\0") + bytes(4) + question + records


def _question(message: bytes) -> tuple[str, int] | None:
    """The name that is asked for, and where the question ends; None where it breaks off."""
    labels = []
    at = _HEADER_BYTES
    while at < len(message) and (size := message[at]):
        if size > _LABEL_MAX:
            return None
        labels.append(message[at + 1 : at + 1 + size].decode("latin-1"))
        at += 1 + size
    end = at + 5
    return (".".join(labels), end) if end <= len(message) else None


def _address_record(address: str) -> bytes:
    """An address record for the name of the question, to be asked for anew each time."""
    head = b"\xc0\x0c" + _A.to_bytes(2, "big") + _IN.to_bytes(2, "big") + bytes(4)
    return head + b"\0\4" + bytes(map(int, address.split(".")))
