"""What the tests know of the project's settings."""

LOCAL_SECONDS = 2
"""Within which an end reaches every process."""
