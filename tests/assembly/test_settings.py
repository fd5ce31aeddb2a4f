"""Settings from the environment, and what in it is none of them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from carnet.assembly.settings import UnknownSetting, check_environment, from_environment, is_service_link
from carnet.cli import main

LINKS = {
    "CARNET_PORT": "tcp://10.96.0.12:4747",
    "CARNET_SERVICE_HOST": "10.96.0.12",
    "CARNET_SERVICE_PORT": "4747",
    "CARNET_SERVICE_PORT_HTTPS": "4747",
    "CARNET_PORT_4747_TCP": "tcp://10.96.0.12:4747",
    "CARNET_PORT_4747_TCP_PROTO": "tcp",
    "CARNET_PORT_4747_TCP_PORT": "4747",
    "CARNET_PORT_4747_TCP_ADDR": "10.96.0.12",
    "CARNET_DB_PORT": "udp://10.96.0.13:5432",
    "CARNET_DB_SERVICE_HOST": "10.96.0.13",
}
"""What Kubernetes sets in each pod beside the services `carnet` and `carnet-db`."""


@pytest.mark.parametrize("name", LINKS)
def test_what_kubernetes_sets_for_a_service_is_no_setting(name: str) -> None:
    assert is_service_link(name, LINKS[name])
    check_environment(LINKS)
    assert from_environment(LINKS).port == 4747


@pytest.mark.parametrize(
    ("name", "value"),
    [("CARNET_PORT", "4748"), ("CARNET_DB_PORT", "5432"), ("CARNET_SERVICE", "x"), ("OTHER_PORT", "tcp://x")],
)
def test_other_variables_are_none_of_kubernetes(name: str, value: str) -> None:
    assert not is_service_link(name, value)


def test_a_port_of_ones_own_counts_beside_the_links() -> None:
    assert from_environment({**LINKS, "CARNET_PORT": "4748"}).port == 4748


def test_the_token_by_which_commands_ask_is_no_setting_and_no_mistake() -> None:
    token = {"CARNET_OPERATOR_TOKEN": "x"}
    check_environment(token)
    assert from_environment(token) == from_environment({})
    with pytest.raises(UnknownSetting, match="CARNET_OPERATOR_TOKENS"):
        check_environment({"CARNET_OPERATOR_TOKENS": "x"})


def test_what_is_misspelled_is_told() -> None:
    with pytest.raises(UnknownSetting, match="CARNET_DB_PORT is no setting of Carnet"):
        check_environment({**LINKS, "CARNET_DB_PORT": "5432"})
    with pytest.raises(UnknownSetting, match=r"CARNET_DATADIR is no setting of Carnet; did you mean CARNET_DATA_DIR\?"):
        check_environment({"CARNET_DATADIR": "x"})
    with pytest.raises(UnknownSetting, match=r"CARNET_Z is no setting of Carnet; the settings are: CARNET_"):
        check_environment({"CARNET_Z": "x"})


def test_a_command_asks_at_the_port_of_carnet_and_not_at_that_of_kubernetes() -> None:
    done = CliRunner().invoke(
        main, ["status", "--host", "nowhere.invalid"], env={**LINKS, "CARNET_PORT": "tcp://127.0.0.1:1"}
    )
    assert "http://nowhere.invalid:4747/_carnet/health" in done.output
