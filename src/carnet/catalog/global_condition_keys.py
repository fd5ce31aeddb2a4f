"""The condition keys that are not one service's own.

Written by hand, section by section, from
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
because the Service Authorization Reference lists a global key only if a service names it.
"""

from __future__ import annotations

from collections.abc import Iterator

from carnet.catalog.condition_key import ConditionKey, Namespace, key_type

_PRINCIPAL = {
    "aws:PrincipalAccount": "String",
    "aws:PrincipalArn": "ARN",
    "aws:PrincipalIsAWSService": "Bool",
    "aws:PrincipalOrgID": "String",
    "aws:PrincipalOrgPaths": "ArrayOfString",
    "aws:PrincipalServiceName": "String",
    "aws:PrincipalServiceNamesList": "ArrayOfString",
    "aws:PrincipalTag/${TagKey}": "String",
    "aws:PrincipalType": "String",
    "aws:userid": "String",
    "aws:username": "String",
}

_ROLE_SESSION = {
    "aws:AssumedRoot": "Bool",
    "aws:ChatbotSourceArn": "ARN",
    "aws:Ec2InstanceSourcePrivateIPv4": "IPAddress",
    "aws:Ec2InstanceSourceVpc": "String",
    "aws:FederatedProvider": "String",
    "aws:MultiFactorAuthAge": "Numeric",
    "aws:MultiFactorAuthPresent": "Bool",
    "aws:SignInSessionArn": "ARN",
    "aws:SourceIdentity": "String",
    "aws:TokenIssueTime": "Date",
    "codebuild:BuildArn": "ARN",
    "codebuild:ProjectArn": "ARN",
    "ec2:RoleDelivery": "Numeric",
    "ec2:SourceInstanceArn": "ARN",
    "glue:CredentialIssuingService": "String",
    "glue:RoleAssumedBy": "String",
    "identitystore:UserId": "String",
    "lambda:SourceFunctionArn": "ARN",
    "ssm:SourceInstanceArn": "ARN",
}

_NETWORK = {
    "aws:SourceIp": "IPAddress",
    "aws:SourceVpc": "String",
    "aws:SourceVpcArn": "ARN",
    "aws:SourceVpce": "String",
    "aws:VpcSourceIp": "IPAddress",
    "aws:VpceAccount": "String",
    "aws:VpceOrgID": "String",
    "aws:VpceOrgPaths": "ArrayOfString",
}

_RESOURCE = {
    "aws:ResourceAccount": "String",
    "aws:ResourceOrgID": "String",
    "aws:ResourceOrgPaths": "ArrayOfString",
    "aws:ResourceTag/${TagKey}": "String",
}

_REQUEST = {
    "aws:CalledVia": "ArrayOfString",
    "aws:CalledViaAWSMCP": "String",
    "aws:CalledViaFirst": "String",
    "aws:CalledViaLast": "String",
    "aws:CurrentTime": "Date",
    "aws:EpochTime": "Date",
    "aws:IsMcpServiceAction": "Bool",
    "aws:Referer": "String",
    "aws:RequestTag/${TagKey}": "String",
    "aws:RequestedRegion": "String",
    "aws:SecureTransport": "Bool",
    "aws:SourceAccount": "String",
    "aws:SourceArn": "ARN",
    "aws:SourceOrgID": "String",
    "aws:SourceOrgPaths": "ArrayOfString",
    "aws:TagKeys": "ArrayOfString",
    "aws:UserAgent": "String",
    "aws:ViaAWSMCPService": "Bool",
    "aws:ViaAWSService": "Bool",
}

_SECTIONS = (
    (Namespace.PRINCIPAL, _PRINCIPAL),
    # Whoever gave out the session vouches for these, so they belong to the principal and not to what it sends.
    (Namespace.PRINCIPAL, _ROLE_SESSION),
    (Namespace.REQUEST, _NETWORK),
    (Namespace.RESOURCE, _RESOURCE),
    (Namespace.REQUEST, _REQUEST),
)


def _keys() -> Iterator[ConditionKey]:
    for namespace, section in _SECTIONS:
        for name, written in section.items():
            value_type, multivalued = key_type(written)
            yield ConditionKey(name=name, type=value_type, multivalued=multivalued, namespace=namespace)


GLOBAL_CONDITION_KEYS = tuple(_keys())
"""The keys of AWS's list of global condition keys, those with a service's prefix (`ec2:RoleDelivery`) among them."""
