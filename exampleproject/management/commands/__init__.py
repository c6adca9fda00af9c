"""`serve` and `demo`."""
