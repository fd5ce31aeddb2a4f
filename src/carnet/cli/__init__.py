"""The `carnet` command: one file for each subcommand."""

from carnet.cli.main import main

__all__ = ["main"]
