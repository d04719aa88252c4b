"""The mixin for unittest, of synchronous and asynchronous cases alike."""

from mossbox.testing.server import MossboxServer

_server: MossboxServer | None = None


def shared_server() -> MossboxServer:
    """The one store of this process, started at the first need; it ends with the process."""
    global _server
    if _server is None:
        _server = MossboxServer().start()
    return _server


class MossboxMixin:
    """``class Uploads(MossboxMixin, unittest.TestCase)``: each test finds `self.mossbox` empty."""

    mossbox: MossboxServer

    def setUp(self) -> None:
        """Empty the store."""
        super().setUp()  # type: ignore[misc]
        self.mossbox = shared_server()
        self.mossbox.reset()
