"""Role templates of AWS: what roles are made from by AcquireRole.

AWS's directory of templates names them and their parameters, and GetRoleTemplateVersion alone shows what is in one. Of
the templates named there, those are here whose content is known from it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_role-template.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from carnet.base.partitions import DEFAULT_PARTITION


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateParameter:
    """What stands for `@{name}` in a template: the value that the caller gives, or the default."""

    name: str
    description: str
    default: str | None = None
    """None if the caller must give one, wherever its place is filled."""
    is_list: bool = False
    """Whether it stands for one or more values."""


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
    inline: Mapping[str, str] = field(default_factory=dict[str, str])
    """Name of an inline policy to its document, in which a statement may be there only if a parameter is true."""
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
_ACCOUNT = TemplateParameter(name="accountId", description="Account id of the target account")
_STUDIO_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["sagemaker.amazonaws.com",'
    '"scheduler.amazonaws.com","bedrock.amazonaws.com","datazone.amazonaws.com","lakeformation.amazonaws.com",'
    '"airflow-serverless.amazonaws.com","emr-serverless.amazonaws.com","redshift.amazonaws.com","glue.amazonaws.com",'
    '"athena.amazonaws.com"]},"Action":["sts:AssumeRole","sts:TagSession","sts:SetContext","sts:SetSourceIdentity"],'
    '"Condition":{"StringEquals":{"aws:SourceAccount":"@{accountId}"}}}]}'
)
_STUDIO_KEY = (
    '{"Version":"2012-10-17","Statement":[{"@Enabled":"CMK_ENABLED","Sid":"KMSDescribePermissions","Effect":"Allow",'
    '"Action":"kms:DescribeKey","Resource":["arn:aws:kms:@{keyRegion}:@{keyAccountId}:key/@{kmsKeyId}"]},'
    '{"@Enabled":"CMK_ENABLED","Sid":"KMSPermissions","Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey"],'
    '"Resource":["arn:aws:kms:@{keyRegion}:@{keyAccountId}:key/@{kmsKeyId}"],'
    '"Condition":{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"aws:datazone:domainId"}}}]}'
)
_IF_KEY = "Effective only if CMK_ENABLED is True."
STUDIO_ADMIN = RoleTemplate(
    arn=(
        "arn:aws:iam::aws:role-template/datazone.amazonaws.com/AmazonSageMakerAdminIAMPermissiveExecutionRoleTemplate:1"
    ),
    version_id="AVTAZKAPJZG4OFOHF2FKU",
    name="AmazonSageMakerAdminIAMPermissiveExecutionRoleTemplate",
    major=1,
    minor=0,
    service="datazone.amazonaws.com",
    description=(
        "Creates a role that provides full administrative control over the Amazon SageMaker Unified Studio domain, and"
        " broad permissions to your account's data and AWS services to execute operations within Amazon SageMaker"
        " Unified Studio."
    ),
    role_name="@{RoleName}",
    role_path="/",
    role_description=(
        "Administrative role that provides full administrative control over the Amazon SageMaker Unified Studio domain,"
        " and broad permissions to your account's data and AWS services to execute operations within Amazon SageMaker"
        " Unified Studio."
    ),
    trust=_STUDIO_TRUST,
    attached=("arn:aws:iam::aws:policy/SageMakerStudioAdminIAMPermissiveExecutionPolicy",),
    inline={"CustomKMSKeyPolicy": _STUDIO_KEY},
    parameters=(
        TemplateParameter(
            name="CMK_ENABLED",
            description="An indicator on whether a custom KMS key is used. Must be True or False",
            default="False",
        ),
        TemplateParameter(
            name="RoleName", description="Custom name for the role", default="AmazonSageMakerAdminIAMExecutionRole"
        ),
        _ACCOUNT,
        TemplateParameter(name="keyAccountId", description=f"AWS account that hosts the KMS key. {_IF_KEY}"),
        TemplateParameter(name="keyRegion", description=f"AWS region for the KMS key. {_IF_KEY}"),
        TemplateParameter(name="kmsKeyId", description=f"KMS key id for the custom key. {_IF_KEY}"),
    ),
    max_session_seconds=3600,
    published=datetime(2026, 7, 8, 22, 12, 14, tzinfo=UTC),
)
STUDIO_USER = RoleTemplate(
    arn=(
        "arn:aws:iam::aws:role-template/datazone.amazonaws.com/AmazonSageMakerUserIAMPermissiveExecutionRoleTemplate:1"
    ),
    version_id="AVTAZKAPJZG4HTC3G2PFY",
    name="AmazonSageMakerUserIAMPermissiveExecutionRoleTemplate",
    major=1,
    minor=0,
    service="datazone.amazonaws.com",
    description=(
        "User role that provides broad permissions to your account's data and AWS services to execute operations within"
        " Amazon SageMaker Unified Studio."
    ),
    role_name="@{RoleName}",
    role_path="/",
    role_description=(
        "User role that provides broad permissions to your account's data and AWS services to execute operations within"
        " Amazon SageMaker Unified Studio."
    ),
    trust=_STUDIO_TRUST,
    attached=("arn:aws:iam::aws:policy/SageMakerStudioUserIAMPermissiveExecutionPolicy",),
    parameters=(
        TemplateParameter(
            name="RoleName", description="Custom name for the role", default="AmazonSageMakerUserIAMExecutionRole"
        ),
        _ACCOUNT,
    ),
    max_session_seconds=3600,
    published=datetime(2026, 7, 8, 22, 12, 17, tzinfo=UTC),
)
_SECRETS = "arn:aws:secretsmanager:@{region}:@{accountId}:secret:*"
ROTATION = RoleTemplate(
    arn="arn:aws:iam::aws:role-template/secretsmanager.amazonaws.com/AWSSecretsManagerRotationRoleTemplate:1",
    version_id="AVTAZKAPJZG4PCYR454GW",
    name="AWSSecretsManagerRotationRoleTemplate",
    major=1,
    minor=0,
    service="secretsmanager.amazonaws.com",
    description=(
        "Creates a role that allows AWS Secrets Manager to perform secret rotation by accessing and updating secret"
        " values"
    ),
    role_name="@{RoleName}",
    role_path="/service-role/",
    role_description="Allows AWS Secrets Manager to perform secret rotation by accessing and updating secret values",
    trust=(
        '{"Version":"2012-10-17","Statement":[{"Sid":"SecretsManagerPrincipalAccess","Effect":"Allow",'
        '"Principal":{"Service":"secretsmanager.amazonaws.com"},"Action":"sts:AssumeRole",'
        '"Condition":{"StringEquals":{"aws:SourceAccount":"@{accountId}"}}}]}'
    ),
    attached=(),
    inline={
        "SecretRotationPermissionPolicy": (
            '{"Version":"2012-10-17","Statement":[{"Sid":"AllowRotationAccessGeneric","Effect":"Allow",'
            '"Action":["secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","secretsmanager:PutSecretValue",'
            f'"secretsmanager:UpdateSecretVersionStage"],"Resource":"{_SECRETS}",'
            '"Condition":{"StringEquals":{"secretsmanager:resource/Type":"@{resourceType}"}}},'
            '{"Effect":"Allow","Sid":"AllowPasswordGenerationAccessAdmin",'
            '"Action":["secretsmanager:GetRandomPassword"],"Resource":"*"},'
            '{"@Enabled":"ADMIN_RESOURCE_ENABLED","Sid":"AllowRotationAccess",'
            f'"Action":["secretsmanager:GetSecretValue"],"Resource":"{_SECRETS}","Effect":"Allow",'
            '"Condition":{"StringEquals":{"secretsmanager:resource/Type":"@{adminType}"}}},'
            '{"@Enabled":"CMK_ENABLED","Sid":"KMSAccessForCustomerSecret","Effect":"Allow",'
            '"Action":["kms:Decrypt","kms:DescribeKey","kms:GenerateDataKey"],"Resource":"@{kmsKeyArn}",'
            '"Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.@{region}.amazonaws.com"}}}]}'
        )
    },
    parameters=(
        TemplateParameter(
            name="ADMIN_RESOURCE_ENABLED",
            description=(
                "An indicator on whether a administrative resource type for secrets manager is enabled. Must be True or"
                " False"
            ),
            default="False",
        ),
        TemplateParameter(
            name="CMK_ENABLED",
            description="An indicator on whether a custom key is used with the secret. Must be True or False",
            default="False",
        ),
        TemplateParameter(
            name="RoleName", description="Custom name for the role", default="AWSSecretsManagerSecretRotationRole"
        ),
        _ACCOUNT,
        TemplateParameter(
            name="adminType",
            description=(
                "Administrative resource type for secret rotation access condition. Effective only if"
                " ADMIN_RESOURCE_ENABLED is True"
            ),
        ),
        TemplateParameter(
            name="kmsKeyArn", description=f"List of KMS key ARNs for the custom keys. {_IF_KEY}", is_list=True
        ),
        TemplateParameter(name="region", description="AWS region for the Secret Manager secret"),
        TemplateParameter(
            name="resourceType", description="Partner/resource type for secret rotation access condition"
        ),
    ),
    max_session_seconds=3600,
    published=datetime(2026, 7, 9, 15, 27, 27, tzinfo=UTC),
)
_TEMPLATES = {template.arn: template for template in (POWER_USER, BACKUP, STUDIO_ADMIN, STUDIO_USER, ROTATION)}


def role_template(arn: str, minor: int | None) -> RoleTemplate | None:
    """The template of that ARN of the default partition, in that minor version or, if it is None, the default one."""
    template = _TEMPLATES.get(arn)
    return template if template is not None and minor in (None, template.minor) else None


def in_default_partition(arn: str, partition: str) -> str:
    """The ARN that a template of some partition has in the default one."""
    beginning = f"arn:{partition}:"
    return f"arn:{DEFAULT_PARTITION}:{arn.removeprefix(beginning)}" if arn.startswith(beginning) else arn
