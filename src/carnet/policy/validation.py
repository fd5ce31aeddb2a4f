"""The checks that AWS makes when a policy of some type is saved, in AWS's order and with AWS's sentences.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from carnet.base.faults import Malformed
from carnet.base.partitions import PARTITIONS
from carnet.policy.elements import check_actions, check_principal, check_resources
from carnet.policy.grammar import RULES, Grammar, Rules
from carnet.policy.operators import NETWORK_OPERATORS, operator_use
from carnet.policy.principals import ANYONE
from carnet.policy.resources import EVERYTHING, SEGMENTS, completed_arn, split_arn
from carnet.policy.sentences import LEGACY_PARSING, ORGANIZATIONS
from carnet.policy.shape import VARIABLES_VERSION, DocumentShape, StatementShape
from carnet.policy.statement import Effect
from carnet.policy.trust_validation import check_trust
from carnet.policy.values import is_saved_network

IAM_RESOURCE_TYPES = (
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
)

_MORE_IAM_RESOURCES = (EVERYTHING, "root", "role-template/")
"""Resources that AWS accepts besides the types; its sentence names the first two."""

_CHARACTERS = re.compile(r"[\t\n\r\u0020-\u00ff]*")
_SID = re.compile(r"[0-9A-Za-z]*", re.ASCII)
_VENDOR = re.compile(r"[A-Za-z0-9.-]*", re.ASCII)
_WILDCARD = re.compile(r"[*?]")
_REGION = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
_NO_PLACE = re.compile(r"\$\{|[<> ]")
_TO_REGION = 4
"""Segments of an ARN that ends with its Region."""

_WITHOUT_PLACE = {
    "route53": (),
    "s3": (
        "accesspoint/",
        "access-grants/",
        "async-request/",
        "job/",
        "storage-lens/",
        "storage-lens-group/",
        EVERYTHING,
    ),
}
"""Services whose ARNs have neither Region nor account, with those of their resource types that do.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-resources-for-iam-policies
"""

_EVERY_ACTION = "*:*"
"""The one action whose vendor may be a wildcard. It means the same as `*`."""


def check_text(text: str, grammar: Grammar) -> None:
    """Refuse characters that IAM does not store, and blanks before the document."""
    if not RULES[grammar].iam:
        return
    if not _CHARACTERS.fullmatch(text):
        raise Malformed(RULES[grammar].no_json)
    if text[:1].isspace():
        trust = grammar is Grammar.TRUST
        raise Malformed("JSON strings must not have leading spaces" if trust else LEGACY_PARSING)


def check(document: DocumentShape, grammar: Grammar) -> None:
    """Raise Malformed for the first rule of the policy's type that the document breaks."""
    rules = RULES[grammar]
    if rules.version_2012 and document.version != VARIABLES_VERSION:
        raise Malformed("Policy document must be version 2012-10-17 or greater.")
    _check_legacy(document, grammar)
    for statement in document.statements:
        check_principal(statement, rules)
    _check_sids(document.statements, rules)
    check_actions(document.statements)
    for statement in document.statements:
        for resource in _values(statement, "Resource", "NotResource"):
            _check_resource(resource, rules)
    check_resources(document.statements, rules)
    for statement in document.statements:
        for action in _values(statement, "Action", "NotAction"):
            _check_action(action, rules)
    if rules.iam:
        _check_networks(document.statements)
    for statement in document.statements:
        if grammar is Grammar.TRUST:
            check_trust(statement)
        elif grammar is Grammar.RCP:
            _check_rcp(statement)


def _check_legacy(document: DocumentShape, grammar: Grammar) -> None:
    """Refuse what AWS checks before Sids, actions and resources: elements in the wrong case, and invalid values."""
    rules = RULES[grammar]
    if any(statement.wrong_case for statement in document.statements):
        raise Malformed(LEGACY_PARSING)
    if not rules.iam or grammar is Grammar.TRUST:
        return
    if document.statement_first:
        raise Malformed(LEGACY_PARSING)
    variables = document.version == VARIABLES_VERSION
    for statement in document.statements:
        _check_values(statement, variables=variables)
        for resource in _values(statement, "Resource", "NotResource"):
            segments = split_arn(resource)
            if segments[0] == "arn" and not _is_wrong_partition(segments[1]):
                _check_legacy_arn(segments)


def _check_values(statement: StatementShape, *, variables: bool) -> None:
    """Raise Malformed for the first value of a condition that does not have its operator's type."""
    for operator, _, values in statement.conditions:
        if (use := operator_use(operator)) is not None:
            for value in values:
                use.operator.read(value, variables)


def _check_sids(statements: Iterable[StatementShape], rules: Rules) -> None:
    sids = [statement.sid for statement in statements if statement.sid]
    if len(set(sids)) != len(sids):
        raise Malformed("Statement IDs (SID) in a single policy must be unique.")
    if rules.iam and not all(_SID.fullmatch(sid) for sid in sids):
        raise Malformed(
            "Statement IDs (SID) must be alpha-numeric. "
            "Check that your input satisfies the regular expression [0-9A-Za-z]*"
        )


def _check_resource(resource: str, rules: Rules) -> None:
    if resource == EVERYTHING:
        return
    head, colon, rest = resource.partition(":")
    if not colon:
        raise Malformed(f'Resource {resource} must be in ARN format or "*".')
    partition, *others = rest.split(":", SEGMENTS - 2)
    if _is_wrong_partition(partition):
        raise _wrong_partition(partition, others)
    if head != "arn":
        raise Malformed(f'Resource {resource} must be in ARN format or "*".')
    _check_arn(resource, rules)


def check_partition(resources: Iterable[str], partition: str) -> None:
    """Raise Malformed for a resource, in a document that passed `check`, of another partition than the account's."""
    for resource in resources:
        _, _, rest = resource.partition(":")
        named, *others = rest.split(":", SEGMENTS - 2)
        if resource != EVERYTHING and named != partition and not _WILDCARD.search(named):
            raise _wrong_partition(named, others)


def _is_wrong_partition(partition: str) -> bool:
    return partition not in PARTITIONS and _WILDCARD.search(partition) is None


def _wrong_partition(partition: str, others: Sequence[str]) -> Malformed:
    shown = ":".join((*others, "*", "*", "*", "*")[: max(len(others), 4)])
    return Malformed(f'Partition "{partition}" is not valid for resource "arn:{partition}:{shown}".')


def _check_arn(resource: str, rules: Rules) -> None:
    segments = split_arn(resource)
    service = segments[2] if len(segments) > 2 else ""
    if rules.iam and (not service or _WILDCARD.search(service)):
        raise Malformed("Resource vendor must be fully qualified and cannot contain regexes.")
    if rules.iam and service == "iam" and segments[3:4] not in ([], [""]):
        raise Malformed(f"IAM resource {resource} cannot contain region information.")
    if rules.iam and service in _WITHOUT_PLACE and len(segments) == _TO_REGION and segments[3].strip(EVERYTHING):
        raise Malformed(f"Resource {resource}:*:* can not contain region information.")
    incomplete = len(segments) != SEGMENTS
    if incomplete:
        if not rules.completes_arns:
            raise Malformed(LEGACY_PARSING)
        segments = completed_arn(segments)
        resource = ":".join(segments)
    if rules.iam and service == "iam" and not segments[5].startswith((*IAM_RESOURCE_TYPES, *_MORE_IAM_RESOURCES)):
        raise Malformed(f'IAM resource path must either be "*", root, or start with {", ".join(IAM_RESOURCE_TYPES)}.')
    if rules.iam and service in _WITHOUT_PLACE and (incomplete or not segments[5].startswith(_WITHOUT_PLACE[service])):
        _check_placeless(resource, region=segments[3], account=segments[4])


def _check_legacy_arn(segments: list[str]) -> None:
    """Refuse an ARN without a service, an ARN of Amazon S3 that lacks a colon, and an invalid Region or account."""
    service = segments[2:3]
    if service == [""] or (service == ["s3"] and len(segments) == SEGMENTS - 1):
        raise Malformed(LEGACY_PARSING)
    region, account = completed_arn(segments)[3:5]
    _check_place(region=region, account=account)


def _check_place(*, region: str, account: str) -> None:
    """Refuse an invalid Region or account in an ARN. A `*` at the end of the Region may match everything that
    follows."""
    places = (region,) if region.endswith(EVERYTHING) else (region, account)
    empty_part = _REGION.fullmatch(region) is not None and "" in region.split("-")
    if empty_part or any(map(_NO_PLACE.search, places)):
        raise Malformed(LEGACY_PARSING)


def _check_placeless(resource: str, *, region: str, account: str) -> None:
    """Refuse a segment that cannot match an empty one; a lone `*` can."""
    if region.strip(EVERYTHING):
        raise Malformed(f"Resource {resource} can not contain region information.")
    if account.strip(EVERYTHING):
        raise Malformed(f"Resource {resource} cannot contain an account id.")


def _check_action(action: str, rules: Rules) -> None:
    vendor, colon, name = action.partition(":")
    if not colon and action != EVERYTHING:
        raise Malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
    if ":" in name:
        raise Malformed("Actions/Condition can contain only one colon.")
    if rules.iam and colon and _WILDCARD.search(vendor) and action != _EVERY_ACTION:
        raise Malformed("Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.")
    if vendor != EVERYTHING and not _VENDOR.fullmatch(vendor):
        raise Malformed(f"Vendor {vendor} is not valid")


def _check_networks(statements: Iterable[StatementShape]) -> None:
    """Refuse the IPv6 ranges that a reader takes to mean something and AWS does not."""
    for statement in statements:
        for operator, _, values in statement.conditions:
            use = operator_use(operator)
            if use is not None and use.operator.name in NETWORK_OPERATORS and not all(map(is_saved_network, values)):
                raise Malformed(LEGACY_PARSING)


def _check_rcp(statement: StatementShape) -> None:
    """A customer's RCP denies, to everyone, named actions; RCPFullAWSAccess, which allows all, is AWS's own.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
    """
    everyone = all(text == ANYONE for _, text in statement.principals.get("Principal", ()))
    actions = statement.lists.get("Action", ())
    if statement.effect is Effect.ALLOW:
        allowed = actions == statement.lists.get("Resource") == (EVERYTHING,) and not statement.conditions
    else:
        allowed = bool(actions) and EVERYTHING not in actions
    if not (everyone and allowed):
        raise Malformed(ORGANIZATIONS)


def _values(statement: StatementShape, *names: str) -> Iterator[str]:
    for name in names:
        yield from statement.lists.get(name, ())
