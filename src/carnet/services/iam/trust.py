"""Trust policies, bound to the principals that they name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-user.html
"""

from __future__ import annotations

from carnet.base.faults import Malformed, TooMany
from carnet.catalog.service_principals import is_service_principal
from carnet.directory.snapshot import Snapshot
from carnet.entities.role import Role
from carnet.policy.document import Grammar
from carnet.policy.principals import PrincipalType
from carnet.services.bound_principals import Bound, NoSuchPrincipal, bound, shown
from carnet.services.documents import document, document_size, parsed_before
from carnet.services.iam import sentences
from carnet.services.iam.quotas import IamQuotas
from carnet.services.operation import Call
from carnet.services.preparing import Preparation


def trust_document(member: str) -> Preparation:
    """For `prepare=` of an operation that stores the trust policy in this member of its input."""
    return parsed_before(member, Grammar.TRUST, lambda quotas: quotas.trust_policy_size)


def new_trust(call: Call, text: str) -> Bound:
    """A trust policy bound to the principals that exist now.

    Raises Malformed if the text is no trust policy or names a principal that does not exist, TooMany if it is too long.
    """
    quotas: IamQuotas = call.quotas
    most = quotas.trust_policy_size
    if document_size(call, text) > most:
        raise TooMany(sentences.quota("ACLSizePerRole", most))
    policy = document(call, text, Grammar.TRUST, call.partition)
    for service in policy.principals(PrincipalType.SERVICE):
        if not is_service_principal(service):
            raise Malformed(sentences.service_invalid(service))
    # After the quota: an id is searched in every account, while all other writers wait.
    try:
        return bound(call.snapshot, call.view, policy, text)
    except NoSuchPrincipal as none:
        raise Malformed(sentences.principal_invalid(none.written)) from None


def shown_trust(snapshot: Snapshot, role: Role) -> str:
    """A role's trust policy as it reads now: principals by their present ARNs, deleted ones by their ids."""
    return shown(snapshot, role.trust, role.trusted_ids)
