"""Forms taken apart, whole and in pieces of any size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mossbox.errors import ServiceError
from mossbox.wire.formdata import AFTER_MAX, BEFORE_MAX, FIELD_MAX, FormParser, Part, boundary_of
from tests.unit.examples import few

B = b"b0undary"


def read(data: bytes, sizes: list[int] | None = None) -> tuple[dict[str, str], Part | None, bytes]:
    """Fields, file's head and file of a form that comes in pieces of these sizes."""
    parser = FormParser(B)
    left = list(sizes or [])

    def more() -> None:
        nonlocal data
        size = left.pop(0) if left else len(data)
        piece, data = data[:size], data[size:]
        if piece:
            parser.feed(piece)
        else:
            parser.end()

    while not parser.opened():
        more()
    file = b""
    while (piece := parser.piece()) != b"":
        if piece is None:
            more()
        else:
            file += piece
    return parser.fields, parser.file, file


def outcome(data: bytes, sizes: list[int] | None = None) -> object:
    """The same, or the code of the refusal."""
    try:
        return read(data, sizes)
    except ServiceError as error:
        return error.code.name


def field(name: str, value: bytes = b"v") -> bytes:
    return (
        b"--"
        + B
        + f'\r\nContent-Disposition: form-data; name="{name}"'.encode()
        + (b"\r\n\r\n" + value + b"\r\n")
    )


def file(data: bytes = b"data", disposition: str = 'name="file"; filename="f.txt"') -> bytes:
    head = f"\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: text/plain"
    return b"--" + B + head.encode() + b"\r\n\r\n" + data + b"\r\n"


END = b"--" + B + b"--\r\n"
FORM = field("key", b"k") + field("empty", b"") + file() + field("submit") + END


def test_a_form() -> None:
    fields, part, data = read(FORM)
    assert fields == {"key": "k", "empty": ""}
    assert part == Part("file", "f.txt", "text/plain")
    assert data == b"data"


def test_every_cut_of_a_form_in_two() -> None:
    whole = read(FORM)
    assert all(read(FORM, [size]) == whole for size in range(1, len(FORM)))
    assert read(FORM, [1] * len(FORM)) == whole


def test_every_form_that_ends_too_soon() -> None:
    for size in range(len(FORM) - 2):  # the last line end may be missing
        assert outcome(FORM[:size]) == "MalformedPOSTRequest", FORM[:size]
    assert read(FORM[:-2]) == read(FORM)


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n--b0undar", b"\r\n--b0undaryX\r\n", b"\r\n--b0undary-\r\n", b"\r\n--b0undary -- \r\n",
        b"\n--b0undary\r\n", b"--b0undary--", b"\r", b"\r\n", b"\r\r\n--", b"\r\n\r\n", b"",
        b"\r\n--b0undary" + b" " * 65 + b"\r\n",
    ],
)  # fmt: skip
def test_what_looks_like_a_boundary_and_is_none(data: bytes) -> None:
    form = field("key") + file(data) + END
    assert read(form)[2] == data
    assert all(read(form, [size])[2] == data for size in range(1, len(form)))


def test_a_preamble_and_an_epilogue_are_no_part_of_anything() -> None:
    assert read(b"This is a form.\r\n" + FORM + b"That was it.") == read(FORM)


def test_spaces_after_a_boundary() -> None:
    assert read(FORM.replace(B + b"\r\n", B + b" \t\r\n")) == read(FORM)


def test_names_in_any_case_and_the_first_of_doubled_ones() -> None:
    fields = read(field("Key", b"1") + field("KEY", b"2") + file() + END)[0]
    assert fields == {"key": "1"}


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("name=file; filename=a.txt", "a.txt"),
        ('name="file"', None),
        ('NAME="File";FILENAME="a b.txt";', "a b.txt"),
        (r'name="file"; filename="say \"hi\".txt"', 'say "hi".txt'),
        (r'name="file"; filename="C:\photos\new.txt"', r"C:\photos\new.txt"),
        (r'name="file"; filename="a;b=c.txt"', "a;b=c.txt"),
        ('name="file"; filename="a%22b.txt"', "a%22b.txt"),
        ('name="file"; filename="ä.txt"', "ä.txt"),
        ('name="file"; filename="x"; filename*=UTF-8\'\'%e2%82%ac%20rates', "€ rates"),
        ("name*=utf-8''file; filename*=iso-8859-1'en'%A3", "£"),
        ("name=file; filename=x; filename*=koi8-r''%c1", "x"),
        ("name=file; filename=x; filename*=utf-8''%ff", "x"),
        ('name="file"; filename=""', ""),
    ],
)
def test_names_of_files(disposition: str, name: str | None) -> None:
    part = read(file(disposition=disposition) + END)[1]
    assert part is not None
    assert part.filename == name


@pytest.mark.parametrize(
    "head",
    [
        b"", b"Content-Type: text/plain", b"Content-Disposition: attachment; name=file",
        b"Content-Disposition: form-data", b"Content-Disposition: form-data; name=",
        b'Content-Disposition: form-data; name="file', b"Content-Disposition: form-data; name",
        b"Content-Disposition: form-data; name=a; name=b", b"no colon", b": no name",
        b"Content-Disposition: form-data; name=file\nX: y",
        b"Content-Disposition: form-data;\r\n name=file",
        b"Content-Disposition: form-data; name=file\r\nContent-Transfer-Encoding: base64",
        b"Content-Disposition: form-data; name=file\0",
    ],
)  # fmt: skip
def test_heads_that_can_not_be_read(head: bytes) -> None:
    assert outcome(b"--" + B + b"\r\n" + head + b"\r\n\r\nx\r\n" + END) == "MalformedPOSTRequest"


def test_line_ends_of_another_kind_end_nothing() -> None:
    assert outcome(FORM.replace(b"\r\n", b"\n")) == "MalformedPOSTRequest"
    data = read(field("key") + file(b"a\n--" + B + b"--\n") + END)[2]
    assert data == b"a\n--" + B + b"--\n"


def test_forms_without_a_file_or_with_two() -> None:
    wrong = "IncorrectNumberOfFilesInPOSTRequest"
    assert outcome(field("key") + END) == wrong
    assert outcome(END) == wrong
    assert outcome(field("key") + file() + file() + END) == wrong


def test_a_key_after_the_file() -> None:
    assert outcome(file() + field("key") + END) == "InvalidArgument"
    assert outcome(field("key") + file() + field("KEY") + END) == "InvalidArgument"


def test_how_long_a_field_may_be() -> None:
    longest = field("name", b"x" * (FIELD_MAX - 4))
    too_long = field("name", b"x" * (FIELD_MAX - 3))
    assert len(read(longest + file() + END)[0]["name"]) == FIELD_MAX - 4
    assert outcome(too_long + file() + END) == "FieldItemTooLong"
    assert outcome(file() + too_long + END) == "FieldItemTooLong"
    assert outcome(field("n" * FIELD_MAX) + file() + END) == "FieldItemTooLong"


def test_how_much_may_stand_before_the_file_and_after_it() -> None:
    eight = field("name", b"x" * (FIELD_MAX - 4)) * (BEFORE_MAX // FIELD_MAX)
    assert outcome(eight + file() + END) == "MaxPOSTPreDataLengthExceededError"
    assert outcome(b"x" * (BEFORE_MAX + 1)) == "MaxPOSTPreDataLengthExceededError"
    assert outcome(file() + eight + END) == "MalformedPOSTRequest"
    assert outcome(FORM + b"x" * AFTER_MAX) == "MalformedPOSTRequest"
    assert read(FORM + b"x" * (AFTER_MAX - 200)) == read(FORM)


def test_a_long_file_is_handed_on_as_it_comes() -> None:
    parser = FormParser(B)
    parser.feed(field("key") + file()[:-2])
    assert parser.opened()
    chunk = bytes(200_000)
    for _ in range(3):
        while parser.piece() is not None:
            pass
        parser.feed(chunk)
        assert parser.piece() is chunk  # nothing was copied


@pytest.mark.parametrize(
    ("text", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data;Boundary="a b:c"', b"a b:c"),
        ("multipart/form-data; charset=utf-8; boundary=abc;", b"abc"),
        ("multipart/form-data; boundary=" + "x" * 199, b"x" * 199),
    ],
)
def test_boundaries(text: str, boundary: bytes) -> None:
    assert boundary_of(text) == boundary


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "RequestIsNotMultiPartContent"),
        ("application/json", "RequestIsNotMultiPartContent"),
        ("multipart/mixed; boundary=abc", "RequestIsNotMultiPartContent"),
        ("application/x-www-form-urlencoded", "RequestIsNotMultiPartContent"),
        ("multipart/form-data", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=", "MalformedPOSTRequest"),
        ('multipart/form-data; boundary="', "MalformedPOSTRequest"),
        ('multipart/form-data; boundary="a "', "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=ä", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=" + "x" * 300, "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=a; boundary=b", "MalformedPOSTRequest"),
    ],
)
def test_content_types_that_name_no_boundary(text: str, code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        boundary_of(text)
    assert caught.value.code.name == code


PIECES = st.sampled_from(
    [B, b"--" + B, b"\r\n--" + B, b"--", b"\r\n", b"\r", b"\n", b" ", b"x", b":", b";", b'"',
     b"\\", b"=", b"Content-Disposition: form-data; name=", b"file", b"key", b"filename*=",
     field("key"), file(), END, b"\0", b"\xff"]
)  # fmt: skip
SIZES = st.lists(st.integers(1, 40), max_size=60)


@few
@given(st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=12), SIZES)
def test_any_bytes_in_any_pieces(parts: list[bytes], sizes: list[int]) -> None:
    """However the bytes are cut, they mean the same; and nothing but a refusal is raised."""
    data = b"".join(parts)
    assert outcome(data, sizes) == outcome(data)


@few
@given(st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=12), SIZES)
def test_any_file_in_any_pieces(parts: list[bytes], sizes: list[int]) -> None:
    """A file is what it is, unless the boundary stands in it."""
    data = b"".join(parts)
    if b"\r\n--" + B not in b"\r\n" + data:
        form = field("key", b"k") + file(data) + field("submit") + END
        assert read(form, sizes) == ({"key": "k"}, Part("file", "f.txt", "text/plain"), data)
