"""The events that AWS Organizations itself writes for the management account: accounts that joined, accounts that left.

Only the management account's event history has these events. Their members follow the reference of each operation; AWS
publishes no example of the membership events.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from carnet.audit.events import Event
from carnet.audit.redaction import event_time
from carnet.audit.service_events import service_event
from carnet.entities.organization import Organization
from carnet.entities.organization_account import OrganizationAccount
from carnet.models.regions import GLOBAL_REGIONS

_SOURCE = "organizations.amazonaws.com"


class Departure(StrEnum):
    """Why an account is no longer a member."""

    LEFT = "LEFT"
    """It left by itself, or its organization was deleted."""
    REMOVED = "REMOVED"
    """The management account removed it."""
    CLEANED = "CLEANED"
    """The account was removed from the installation."""


def joined(organization: Organization, place: OrganizationAccount) -> Event:
    """The event that an account has become a member, or the management account of a new organization."""
    details = {"joinedMethod": place.joined_method, "joinedTime": event_time(place.joined)}
    return _membership(organization, "AccountJoinedOrganization", place.id, place.joined, details)


def departed(organization: Organization, account: str, method: Departure, now: datetime) -> Event:
    """The event that an account is no longer a member."""
    details = {"departureMethod": method, "departureTime": event_time(now)}
    return _membership(organization, "AccountDepartedOrganization", account, now, details)


def finished(organization: Organization, name: str, now: datetime, details: Mapping[str, Any]) -> Event:
    """The event that work which AWS does after its answer is complete, such as `CreateAccountResult`."""
    region = GLOBAL_REGIONS["organizations"].get(organization.partition)
    return service_event(_SOURCE, name, now, account=organization.management, region=region, details=details)


def _membership(
    organization: Organization, name: str, account: str, now: datetime, details: Mapping[str, Any]
) -> Event:
    return finished(organization, name, now, {"organizationId": organization.id, "accountId": account, **details})
