"""One AWS service as botocore describes it: its protocol, its operations and the errors they can answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, cast

from botocore.model import OperationModel, ServiceModel, StructureShape

SIGV4, BEARER, NO_AUTH = "aws.auth#sigv4", "smithy.api#httpBearerAuth", "smithy.api#noAuth"
"""What the models call the ways to authenticate a request."""
_UNSIGNED = "none"
BEARER_HEADER = "x-amz-sso_bearer_token"
"""Where the portal of IAM Identity Center takes an access token; its model says of that no more than `none`."""
_CLIENT_FAULT = 400
_SERVER_FAULT = 500
_SUCCESS = 200


class Protocol(StrEnum):
    """The AWS protocols that Carnet speaks, by their names in the models."""

    QUERY = "query"
    JSON = "json"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"
    EC2 = "ec2"


_SPOKEN = frozenset(Protocol)


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelledError:
    """An error that the service's model declares. `code` is what the wire says, not always the shape's name."""

    code: str
    status: int
    shape: StructureShape


@dataclass(frozen=True, eq=False, kw_only=True)
class Operation:
    """One API operation. There is one object for each, so that it may be compared and kept by identity."""

    service: Service
    name: str
    model: OperationModel

    @cached_property
    def input(self) -> StructureShape | None:
        """The shape of the parameters; None for an operation that takes none."""
        return self.model.input_shape

    @cached_property
    def output(self) -> StructureShape | None:
        """The shape of the answer; None for an operation that answers nothing."""
        return self.model.output_shape

    @cached_property
    def auth(self) -> frozenset[str]:
        """How its callers may authenticate: `SIGV4`, `BEARER`, and further words of the models; `NO_AUTH` alone if not.

        https://smithy.io/2.0/spec/authentication-traits.html
        """
        members = self.input.members.values() if self.input is not None else ()
        if any(member.serialization.get("name") == BEARER_HEADER for member in members):
            return frozenset((BEARER,))
        if self.model.auth_type == _UNSIGNED:
            return frozenset((NO_AUTH,))
        return frozenset(self.model.auth or self.service.model.metadata.get("auth") or (SIGV4,))

    @cached_property
    def status(self) -> int:
        """The HTTP status of success."""
        return int(self.model.http.get("responseCode", _SUCCESS))

    @cached_property
    def errors(self) -> Mapping[str, ModelledError]:
        """The errors that the model lists for this operation, by code."""
        declared = {shape.name for shape in self.model.error_shapes}
        return {code: error for code, error in self.service.errors.items() if error.shape.name in declared}


@dataclass(frozen=True, eq=False, kw_only=True)
class Service:
    """One AWS service. `name` is botocore's (`sso-admin`), which is not always what requests are signed for."""

    name: str
    model: ServiceModel
    server_faults: frozenset[str]
    """Names of the error shapes that are the server's fault; botocore's `Shape` does not carry that trait."""

    @classmethod
    def of(cls, name: str, description: dict[str, Any]) -> Service:
        """A service from the content of its model file."""
        faults = (name for name, shape in description["shapes"].items() if shape.get("fault"))
        return cls(name=name, model=ServiceModel(description, name), server_faults=frozenset(faults))

    @cached_property
    def protocol(self) -> Protocol:
        """The first that Carnet speaks of those that the service speaks, which is also what botocore speaks with it."""
        spoken = self.model.metadata.get("protocols", (self.model.protocol,))
        return Protocol(next((name for name in spoken if name in _SPOKEN), spoken[0]))

    @cached_property
    def signing_name(self) -> str:
        """The service of the credential scope."""
        return self.model.signing_name

    @cached_property
    def event_source(self) -> str:
        """The service as CloudTrail calls it, such as `iam.amazonaws.com`."""
        return f"{self.signing_name}.amazonaws.com"

    @cached_property
    def endpoint_prefix(self) -> str:
        """The first labels of the service's host names at AWS."""
        return self.model.endpoint_prefix

    @cached_property
    def api_version(self) -> str:
        return self.model.api_version

    @cached_property
    def target_prefix(self) -> str:
        """What precedes the dot in `X-Amz-Target`; empty for services that do not use the header."""
        return str(self.model.metadata.get("targetPrefix", ""))

    @cached_property
    def json_version(self) -> str:
        return str(self.model.metadata.get("jsonVersion", "1.1"))

    @cached_property
    def xml_namespace(self) -> str:
        return str(self.model.metadata.get("xmlNamespace", ""))

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """Every operation by its name."""
        return {
            name: Operation(service=self, name=name, model=self.model.operation_model(name))
            for name in self.model.operation_names
        }

    @cached_property
    def errors(self) -> Mapping[str, ModelledError]:
        """Every error that the service's model declares, by code."""
        shapes = (cast("StructureShape", shape) for shape in self.model.error_shapes)
        return {error.code: error for error in map(self._error_of, shapes)}

    def error(self, code: str) -> ModelledError | None:
        """One that is called so on the wire, or in the model and so in another protocol."""
        return self.errors.get(code) or self._errors_by_name.get(code)

    @cached_property
    def _errors_by_name(self) -> Mapping[str, ModelledError]:
        return {error.shape.name: error for error in self.errors.values()}

    def _error_of(self, shape: StructureShape) -> ModelledError:
        trait = shape.metadata.get("error", {})
        default = _SERVER_FAULT if shape.name in self.server_faults else _CLIENT_FAULT
        return ModelledError(
            code=str(trait.get("code", shape.name)), status=int(trait.get("httpStatusCode", default)), shape=shape
        )
