"""The settings page lists every setting, its variable and nothing else."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click

from carnet.assembly.settings import Settings, variable
from carnet.cli.serve import serve
from carnet.services.account_quotas import DEFAULTS

PAGE = Path("docs/settings.md").read_text()
ROWS = dict(re.findall(r"^\| `--([a-z0-9-]+)` \| `(CARNET_[A-Z0-9_]+)` \|", PAGE, re.MULTILINE))


def test_every_setting_is_on_the_page() -> None:
    assert {name.replace("-", "_"): shown for name, shown in ROWS.items()} == {
        each.name: variable(each.name) for each in fields(Settings)
    }


def test_serve_takes_every_setting_as_a_flag_and_a_variable() -> None:
    options = {option.name: option for option in serve.params if isinstance(option, click.Option)}
    assert set(options) == {each.name for each in fields(Settings)}
    assert {name: option.envvar for name, option in options.items()} == {name: variable(name) for name in options}


def test_every_quota_is_on_the_page_with_its_default() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| ([\d,]+) \|", PAGE.split("## Quotas")[1], re.MULTILINE)
    assert {name: int(number.replace(",", "")) for name, number in rows} == DEFAULTS
