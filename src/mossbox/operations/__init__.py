"""The API: one file a topic, with its models and its operations.

Importing this package fills the register. `Call` is what a handler gets besides its model.
"""
