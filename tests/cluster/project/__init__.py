"""A project that several kinds of processes serve; see `tests.cluster.processes`."""
