"""Requests that the server itself makes: where they may go, and the one client that sends them."""
