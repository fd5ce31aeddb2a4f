"""Every service that this server offers, with all of its operations registered."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from carnet.services import account as account_package
from carnet.services import cloudtrail as cloudtrail_package
from carnet.services import ec2 as ec2_package
from carnet.services import iam as iam_package
from carnet.services import identitystore as identitystore_package
from carnet.services import organizations as organizations_package
from carnet.services import resourcegroupstaggingapi as tagging_package
from carnet.services import signin as signin_package
from carnet.services import sso as sso_package
from carnet.services import sso_admin as sso_admin_package
from carnet.services import sso_oidc as sso_oidc_package
from carnet.services import sts as sts_package
from carnet.services.account.service import account
from carnet.services.cloudtrail.service import cloudtrail
from carnet.services.ec2.service import ec2
from carnet.services.iam.service import iam
from carnet.services.identitystore.service import identitystore
from carnet.services.organizations.service import organizations
from carnet.services.resourcegroupstaggingapi.service import tagging
from carnet.services.service import Service
from carnet.services.signin.service import signin
from carnet.services.sso.service import sso
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_oidc.service import sso_oidc
from carnet.services.sts.service import sts


def _register(package: ModuleType) -> None:
    """Import every module of a service: the decorators of its operations register them."""
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        import_module(module.name)


for _package in (
    account_package,
    cloudtrail_package,
    ec2_package,
    iam_package,
    identitystore_package,
    organizations_package,
    signin_package,
    sso_oidc_package,
    sso_package,
    sso_admin_package,
    sts_package,
    tagging_package,
):
    _register(_package)

SERVICES: Mapping[str, Service] = {
    service.name: service
    for service in (
        *(account, cloudtrail, ec2, iam, identitystore, organizations),
        *(signin, sso, sso_admin, sso_oidc, sts, tagging),
    )
}
