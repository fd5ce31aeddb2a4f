"""Role templates of AWS: what roles are made from by AcquireRole.

AWS's directory of templates names them and their parameters, and GetRoleTemplateVersion alone shows what is in one. Of
the templates named there, those are here whose content follows from what AWS says of them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_role-template.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from carnet.base.partitions import DEFAULT_PARTITION


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateParameter:
    """What stands for `@{name}` in a template: the value that the caller gives, or the default."""

    name: str
    description: str
    default: str | None = None
    """None if the caller must give one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTemplate:
    """One version of a template; texts hold `@{name}` for parameters. AWS changes none: it publishes another."""

    arn: str
    version_id: str
    name: str
    major: int
    minor: int
    service: str
    """The service that manages it."""
    description: str
    role_name: str
    role_path: str
    role_description: str
    trust: str
    attached: tuple[str, ...]
    """ARNs of managed policies."""
    parameters: tuple[TemplateParameter, ...]
    max_session_seconds: int
    published: datetime


_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"@{AWSServiceName}"},'
    '"Action":"sts:AssumeRole"}]}'
)

POWER_USER = RoleTemplate(
    arn="arn:aws:iam::aws:role-template/iam.amazonaws.com/PowerUserRoleTemplate:1",
    version_id="AVTAZKAPJZG4N6BGA67NU",
    name="PowerUserRoleTemplate",
    major=1,
    minor=0,
    service="iam.amazonaws.com",
    description=(
        "Creates a role that grants PowerUser permissions to the calling AWS service, allowing it to create and manage"
        " most AWS resources on your behalf. Intended for services that require wide-ranging permissions. The trusted"
        " service is configurable via the AWSServiceName parameter."
    ),
    role_name="@{RoleName}",
    role_path="/",
    role_description="Power user role for @{AWSServiceName}",
    trust=_TRUST,
    attached=("arn:aws:iam::aws:policy/PowerUserAccess",),
    parameters=(
        TemplateParameter(name="AWSServiceName", description="Service principal of the service"),
        TemplateParameter(name="RoleName", description="Customized name for the role", default="PowerUserRole"),
    ),
    max_session_seconds=3600,
    published=datetime(2026, 6, 12, 2, 57, 8, tzinfo=UTC),
)
BACKUP = RoleTemplate(
    arn="arn:aws:iam::aws:role-template/backup.amazonaws.com/AWSBackupDefaultServiceRoleTemplate:1",
    version_id="AVTAZKAPJZG4ILRKDYSS2",
    name="AWSBackupDefaultServiceRoleTemplate",
    major=1,
    minor=0,
    service="backup.amazonaws.com",
    description=(
        "Create a role that grants AWS Backup the permissions it needs to protect your resources, including creating"
        " and managing backups for DynamoDB, RDS, EC2 EBS volumes, EFS file systems, and Storage Gateway volumes. This"
        " is the standard service role used by AWS Backup when performing backup and restore jobs."
    ),
    role_name="@{RoleName}",
    role_path="/service-role/",
    role_description=(
        "Standard service role the provides AWS Backup service permission to create and restore backups on your behalf"
        " across AWS services"
    ),
    trust=(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"backup.amazonaws.com"},'
        '"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"@{accountId}"}}}]}'
    ),
    attached=(
        "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
        "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores",
    ),
    parameters=(
        TemplateParameter(name="accountId", description="Account id of the target account"),
        TemplateParameter(
            name="RoleName", description="Custom name for the role", default="AWSBackupDefaultServiceRole"
        ),
    ),
    max_session_seconds=3600,
    published=datetime(2026, 7, 9, 15, 27, 12, tzinfo=UTC),
)
_TEMPLATES = {template.arn: template for template in (POWER_USER, BACKUP)}


def role_template(arn: str, minor: int | None) -> RoleTemplate | None:
    """The template of that ARN of the default partition, in that minor version or, if it is None, the default one."""
    template = _TEMPLATES.get(arn)
    return template if template is not None and minor in (None, template.minor) else None


def in_default_partition(arn: str, partition: str) -> str:
    """The ARN that a template of some partition has in the default one."""
    beginning = f"arn:{partition}:"
    return f"arn:{DEFAULT_PARTITION}:{arn.removeprefix(beginning)}" if arn.startswith(beginning) else arn
