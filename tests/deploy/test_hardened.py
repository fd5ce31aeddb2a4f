"""What runs Carnet lets it do no more than it needs. The linters of `make dist` do not ask for all of this."""

from __future__ import annotations

import signal

import yaml

from tests.deploy.deployments import COMPOSE, MANIFEST, container, manifest, said, unit


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
        "WatchdogSec": "30",
        "StateDirectoryMode": "0700",
        "UMask": "0077",
        "LimitCORE": "0",
        "DynamicUser": "yes",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "CapabilityBoundingSet": "",
        "MemoryDenyWriteExecute": "yes",
    }
    assert asked.items() <= dict(unit()).items()
    assert [value for name, value in unit() if name == "SystemCallFilter"] == [
        "@system-service",
        "~@privileged @resources",
    ]
