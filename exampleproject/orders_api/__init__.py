"""A service that knows who ordered what."""
