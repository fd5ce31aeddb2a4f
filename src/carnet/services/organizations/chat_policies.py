"""What a chat applications policy (CHATBOT_POLICY) may hold.

Names are compared without regard to ASCII case; ids of workspaces, tenants and teams are not.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_chatbot_syntax.html
"""

from __future__ import annotations

import re

from carnet.services.organizations.setting_checks import Check, a_list, each, fields, one_of

_WORKSPACE = re.compile(r"[0-9A-Z]{1,255}", re.ASCII)
_TEAMS_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII)
"""Of a tenant of Microsoft Teams, or of a team."""


def _or_all(one: re.Pattern[str]) -> re.Pattern[str]:
    return re.compile(rf"\*|{one.pattern}", re.ASCII)


_CLIENT = one_of("enabled", "disabled")
_ROLES = {"supported_role_settings": a_list(re.compile("channel_role|user_role"))}
_CHANNELS = {"supported_channel_types": a_list(re.compile("private|public")), **_ROLES}
_SLACK = {
    "client": _CLIENT,
    "workspaces": a_list(_or_all(_WORKSPACE)),
    "default": fields(_CHANNELS),
    "overrides": each(_WORKSPACE, fields(_CHANNELS)),
}
_TEAMS = {
    "client": _CLIENT,
    "tenants": each(_TEAMS_ID, a_list(_or_all(_TEAMS_ID))),
    "default": fields(_ROLES),
    "overrides": each(_TEAMS_ID, each(_TEAMS_ID, fields(_ROLES))),
}
_PLATFORMS = {"slack": fields(_SLACK), "microsoft_teams": fields(_TEAMS), "chime": fields({"client": _CLIENT})}

is_chat_policy: Check = fields({"platforms": fields(_PLATFORMS), "default": fields({"client": _CLIENT})})
"""Whether what stands under `chatbot` is all that it may be."""
