"""What `manage.py kc_exchange` does; one module for each of its subcommands."""
