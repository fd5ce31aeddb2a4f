"""What AWS Organizations tells the management account by itself: which accounts have come, which have gone.

Only the management account's event history has these events, and what they hold is what the reference of each operation
says of them; AWS publishes no example of the membership events.
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
    """How an account has gone."""

    LEFT = "LEFT"
    """By itself, or with its organization."""
    REMOVED = "REMOVED"
    """By the management account."""
    CLEANED = "CLEANED"
    """It is no more."""


def joined(organization: Organization, place: OrganizationAccount) -> Event:
    """An account has become a member, or the management account of a new organization."""
    details = {"joinedMethod": place.joined_method, "joinedTime": event_time(place.joined)}
    return _membership(organization, "AccountJoinedOrganization", place.id, place.joined, details)


def departed(organization: Organization, account: str, method: Departure, now: datetime) -> Event:
    """An account is no member any more."""
    details = {"departureMethod": method, "departureTime": event_time(now)}
    return _membership(organization, "AccountDepartedOrganization", account, now, details)


def finished(organization: Organization, name: str, now: datetime, details: Mapping[str, Any]) -> Event:
    """What AWS does after its answer has come to its end, as `CreateAccountResult`."""
    region = GLOBAL_REGIONS["organizations"].get(organization.partition)
    return service_event(_SOURCE, name, now, account=organization.management, region=region, details=details)


def _membership(
    organization: Organization, name: str, account: str, now: datetime, details: Mapping[str, Any]
) -> Event:
    return finished(organization, name, now, {"organizationId": organization.id, "accountId": account, **details})
