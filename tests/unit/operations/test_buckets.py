"""Buckets as they are described."""


def test_a_location_is_text_and_nothing_else(line):
    """A root with an attribute, be it a namespace, is an object to ali-oss and no name."""
    body = line.send("GET", "/photos?location").body.decode()
    head, _, root = body.partition("\n")
    assert head.startswith("<?xml ")
    assert root == "<LocationConstraint>oss-cn-hangzhou</LocationConstraint>\n"
