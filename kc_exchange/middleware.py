"""Bind the user's token to the request, for as long as it runs."""
