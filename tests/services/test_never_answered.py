"""What the models of IAM and STS have and no code names: each with the reason. The tables may only shrink."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import carnet
from carnet import models
from tests.services.answered import members

NO_ERRORS = {
    "iam": {
        "ConcurrentModification": "Changes are made one after the other, each at the revision that the last one left.",
        "InvalidCertificate": "Whatever is wrong with a certificate is told as MalformedCertificate.",
        "OpenIdIdpCommunicationError": "CreateOpenIDConnectProvider asks no server for its certificate.",
        "PolicyEvaluation": "A policy that cannot be evaluated is refused as InvalidInput before.",
        "ReportGenerationLimitExceeded": "A report is made while its request waits, one after the other.",
        "RoleTemplateDisabled": "Only AWS disables role templates, which are its own.",
        "ServiceFailure": "A failure is InternalFailure, and a store that does not answer ServiceUnavailable.",
    },
    "sts": {
        "RegionDisabledException": "STS is active in every Region: decision 0113.",
    },
}
"""Codes of errors that are never raised."""
NO_MEMBERS = {
    "iam": {
        "Certifications": "The FIDO Alliance's list of certified devices is not at hand, and no attestation is asked.",
        "ConsoleDeepLink": "The console has no page for delegation requests.",
        "PermissionBoundaryArn": "No role template of AWS's that is here has a permissions boundary.",
        "RoleTagsTemplate": "No role template of AWS's that is here has tags.",
        "RoleUsageList": "The services that use a service-linked role are not here: no deletion finds resources.",
        "SubType": "No parameter of a role template of AWS's that is here has a subtype.",
        "ErrorDetails": "A report that cannot be made is refused when it is asked for: no job fails.",
    },
    "sts": {},
}
"""Members of answers that are never filled."""
CODE = tuple(
    Path(carnet.__file__).parent / room for room in ("services", "oidc", "saml", "protocols", "identity", "access")
)


@pytest.fixture(scope="module")
def named() -> frozenset[str]:
    """Every text that the code has."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for room in CODE for file in room.rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


@pytest.mark.parametrize("service", NO_ERRORS)
def test_every_other_error_is_raised_somewhere(named: frozenset[str], service: str) -> None:
    shapes = [
        shape for operation in models.service(service).operations.values() for shape in operation.model.error_shapes
    ]
    codes = {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}
    assert codes - named == NO_ERRORS[service].keys()


@pytest.mark.parametrize("service", NO_MEMBERS)
def test_every_other_member_is_filled_somewhere(named: frozenset[str], service: str) -> None:
    operations = models.service(service).operations.values()
    shapes = [operation.model.output_shape for operation in operations if operation.output is not None]
    told = {member.rpartition(".")[2] for shape in shapes for member in members(shape)}
    assert told - named == NO_MEMBERS[service].keys()
