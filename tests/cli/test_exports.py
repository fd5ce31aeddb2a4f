from __future__ import annotations

import subprocess

from carnet.cli.exports import export_lines


def test_a_shell_reads_the_credentials_as_they_are() -> None:
    secret = "a b$HOME'c`d`\"e\\f"
    lines = export_lines("http://127.0.0.1:4747/a?b&c", "AKIAIOSFODNN7EXAMPLE", secret)
    shown = 'printf "%s\\n" "$AWS_ENDPOINT_URL" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"'
    read = subprocess.run(["sh", "-c", f"{lines}\n{shown}"], capture_output=True, text=True, check=True, timeout=60)
    assert read.stdout.splitlines() == ["http://127.0.0.1:4747/a?b&c", "AKIAIOSFODNN7EXAMPLE", secret]
