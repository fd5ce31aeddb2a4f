"""`carnet`, but each change is committed by itself: what the group commit is measured against."""

from __future__ import annotations

from carnet.cli.main import main
from carnet.server import writer

if __name__ == "__main__":
    writer.LARGEST_GROUP = 1
    main()
