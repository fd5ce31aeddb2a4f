"""The `carnet` command: one file for each subcommand."""

import sys

try:
    from carnet.cli.main import main
except KeyboardInterrupt:  # Ctrl-C at once: the command is not there yet to say this itself
    sys.exit("Aborted!")

__all__ = ["main"]
