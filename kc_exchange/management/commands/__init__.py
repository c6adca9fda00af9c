"""The command `kc_exchange`."""
