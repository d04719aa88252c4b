"""The door: bytes on a socket to requests, and responses to bytes on a socket.

It knows no operation, no caller and no storage. What it promises to the floors above: a request is
parsed once and strictly; a body that was cut off is never taken for a whole one; nobody waits for
a peer that stands still; answers leave in the order of their requests.
"""
