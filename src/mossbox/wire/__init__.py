"""Bytes to models and back: pure functions that know no operation, no socket and no storage."""
