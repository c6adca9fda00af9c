"""What this package costs, beside its peers: `python -m tests.benchmarks`."""
