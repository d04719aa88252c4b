"""The server starts, keeps and gives back."""

from tests.support import Server


def test_a_body_comes_back(server: Server, bucket_name: str) -> None:
    assert server.request("PUT", bucket_name).status == 200
    for size in (0, 1, 4096, 128 << 10, (128 << 10) + 1, 3_000_001):
        body = bytes(size % 251 for _ in range(size))
        assert server.request("PUT", bucket_name, "k", body=body).status == 200
        answer = server.request("GET", bucket_name, "k")
        assert answer.status == 200
        assert answer.body == body
