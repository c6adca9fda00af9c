"""A service that knows who owes what."""
