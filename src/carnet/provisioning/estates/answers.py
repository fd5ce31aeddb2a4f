"""Puts the answers of `aws organizations` together to the document of an organization.

They are files in one folder. Each is named after the command that printed it, and if that was asked of something, lies
in a folder of that name and has the name of what was asked of: `list-roots.json`,
`list-accounts-for-parent/ou-ab12-11111111.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from carnet.policy.case_members import CaseFault, Misread

Read = Callable[[Path], Any]
"""Gives the plain data in a file."""


def assembled(folder: Path, read: Read) -> dict[str, Any]:
    """The document; raises Misread for an answer that is missing or is none, OSError for what cannot be read."""
    answers = _Answers(folder, read)
    told: dict[str, Any] = {
        "Organization": answers.one("describe-organization", "Organization"),
        "Roots": answers.one("list-roots", "Roots"),
        "OrganizationalUnits": answers.below("list-organizational-units-for-parent", "OrganizationalUnits"),
        "Accounts": answers.below("list-accounts-for-parent", "Accounts"),
        "Policies": [
            {**policy["PolicySummary"], "Content": policy["Content"]}
            for _, policy in answers.each("describe-policy", "Policy")
        ],
        "DelegatedAdministrators": [
            {"Id": account, "ServicePrincipals": [service["ServicePrincipal"] for service in services]}
            for account, services in answers.each("list-delegated-services-for-account", "DelegatedServices")
        ],
    }
    targets = answers.each("list-targets-for-policy", "Targets")
    if targets:
        told["Attachments"] = [
            {"PolicyId": policy, "TargetId": target["TargetId"]} for policy, listed in targets for target in listed
        ]
    if answers.has("list-aws-service-access-for-organization"):
        told["EnabledServicePrincipals"] = answers.one(
            "list-aws-service-access-for-organization", "EnabledServicePrincipals"
        )
    if answers.has("describe-resource-policy"):
        told["ResourcePolicy"] = answers.one("describe-resource-policy", "ResourcePolicy")
    _tag(told, answers.each("list-tags-for-resource", "Tags"))
    return told


class _Answers:
    def __init__(self, folder: Path, read: Read) -> None:
        self._folder = folder
        self._read = read

    def has(self, command: str) -> bool:
        return (self._folder / f"{command}.json").exists()

    def one(self, command: str, member: str) -> Any:
        """A member of the answer to a command."""
        return self._member(self._folder / f"{command}.json", member)

    def each(self, command: str, member: str) -> list[tuple[str, Any]]:
        """What was asked of, and the member of the answer, for each file of a command."""
        files = sorted((self._folder / command).glob("*.json"))
        return [(file.stem, self._member(file, member)) for file in files]

    def below(self, command: str, member: str) -> list[Any]:
        """The entries in all parents, each with its parent."""
        return [{**entry, "ParentId": parent} for parent, entries in self.each(command, member) for entry in entries]

    def _member(self, file: Path, member: str) -> Any:
        if not file.exists():
            raise Misread(CaseFault("", f"{file.relative_to(self._folder)} is missing in the folder"))
        answer = self._read(file)
        if not isinstance(answer, Mapping) or member not in answer:
            raise Misread(CaseFault("", f"{file.relative_to(self._folder)} has no {member}: it is another answer"))
        return answer[member]


def _tag(told: Mapping[str, Any], tags: list[tuple[str, Any]]) -> None:
    by_id = dict(tags)
    for name in ("Roots", "OrganizationalUnits", "Accounts", "Policies"):
        for entry in told[name]:
            if entry.get("Id") in by_id:
                entry["Tags"] = by_id[entry["Id"]]
