"""A service that two brands share; its tokens are of a realm of its own."""
