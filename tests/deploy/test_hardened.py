"""What runs Carnet lets it do no more than it needs. The linters of `make dist` do not ask for all of this."""

from __future__ import annotations

import signal
from pathlib import Path

import yaml

from tests.deploy.deployments import COMPOSE, MANIFEST, container, manifest, said, unit, unit_environment


def test_the_image_is_stopped_by_the_signal_that_finishes_requests() -> None:
    assert said("STOPSIGNAL") == [signal.SIGTERM.name]


def test_the_service_of_compose() -> None:
    service = yaml.safe_load(COMPOSE.read_text())["services"]["carnet"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_the_pod_of_kubernetes() -> None:
    pod = manifest("StatefulSet")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_secrets_of_a_pod_are_read_by_its_user_alone() -> None:
    volumes = manifest("StatefulSet")["spec"]["template"]["spec"]["volumes"]
    modes = {each["name"]: each["secret"].get("defaultMode") for each in volumes if "secret" in each}
    assert modes == {"master-key": 0o400, "tls": 0o400}


def test_the_services_of_kubernetes_lead_to_a_port_that_there_is() -> None:
    named = {each["name"] for each in container()["ports"]}
    services = [each for each in yaml.safe_load_all(MANIFEST.read_text()) if each["kind"] == "Service"]
    targets = [port["targetPort"] for each in services for port in each["spec"]["ports"]]
    assert len(targets) == 2
    assert set(targets) <= named


def test_the_unit_of_systemd() -> None:
    asked = {
        "Type": "notify",
        "Restart": "on-failure",
        "RestartSec": "2",
        "WatchdogSec": "30",
        "TimeoutStartSec": "180",
        "StateDirectory": "carnet",
        "StateDirectoryMode": "0700",
        "UMask": "0077",
        "LimitCORE": "0",
        "DynamicUser": "yes",
        "User": "carnet",
        "AmbientCapabilities": "",
        "CapabilityBoundingSet": "",
        "ProcSubset": "pid",
        "ProtectProc": "invisible",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
        "SystemCallArchitectures": "native",
    }
    assert asked.items() <= dict(unit()).items()
    assert [value for name, value in unit() if name == "SystemCallFilter"] == [
        "@system-service",
        "~@privileged @resources",
    ]


def test_the_unit_of_systemd_shuts_off_what_the_server_does_not_use() -> None:
    """A file system, devices, a kernel and other processes. Each setting that is off unless it is asked for."""
    shut_off = {
        *("NoNewPrivileges", "LockPersonality", "MemoryDenyWriteExecute", "RemoveIPC"),
        *("PrivateDevices", "PrivateTmp", "PrivateUsers", "ProtectClock", "ProtectControlGroups", "ProtectHome"),
        *("ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables"),
        *("RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID"),
    }
    assert {name for name, value in unit() if value == "yes"} == shut_off | {"DynamicUser"}
    assert {"ProtectSystem": "strict", "DevicePolicy": "closed"}.items() <= dict(unit()).items()


def test_the_unit_of_systemd_is_started_when_the_network_is_there_and_not_for_ever() -> None:
    begins = dict(unit("Unit"))
    assert begins["Wants"] == "network-online.target"
    assert set(begins["After"].split()) == {"network-online.target", "postgresql.service"}
    within, restarts = int(begins["StartLimitIntervalSec"]), int(begins["StartLimitBurst"])
    assert restarts * int(dict(unit())["RestartSec"]) < within, "a server that ends at once would be restarted for ever"
    assert dict(unit("Install")) == {"WantedBy": "multi-user.target"}


def test_the_unit_of_systemd_keeps_its_state_and_secrets_where_its_user_can_read_them() -> None:
    """`%S` is where StateDirectory lies, and `%d` where systemd puts what LoadCredential reads as root."""
    environment = unit_environment()
    assert environment["CARNET_DATA_DIR"] == f"%S/{dict(unit())['StateDirectory']}"
    loaded = {value.partition(":")[0] for name, value in unit() if name == "LoadCredential"}
    named = ("CARNET_MASTER_KEY_FILE", "CARNET_TLS_CERT", "CARNET_TLS_KEY")
    assert {environment[name] for name in named} == {f"%d/{each}" for each in loaded}
    assert dict(unit())["EnvironmentFile"] == "-/etc/carnet/carnet.env"


def test_the_unit_of_systemd_starts_what_the_page_installs() -> None:
    program, *words = dict(unit())["ExecStart"].split()
    assert program == "/opt/carnet/bin/carnet"
    assert f"python3 -m venv {Path(program).parents[1]}" in Path("docs/install.md").read_text()
    assert words == ["serve"]
