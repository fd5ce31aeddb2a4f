"""How ACLs of Amazon S3 stand in a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.entities.bucket import Acl, AclPermission, Grant
from carnet.store.codec import json_text, read_objects


def acl_written(acl: Acl) -> str:
    return json_text([{"grantee": one.grantee, "permission": one.permission.value} for one in acl])


def read_acl(written: str) -> Acl:
    """Raises ValueError for what is none."""
    return tuple(map(_read_grant, read_objects(written)))


def _read_grant(written: Mapping[str, Any]) -> Grant:
    grantee = written["grantee"]
    if type(grantee) is not str:
        raise ValueError("not a grantee")
    return Grant(grantee=grantee, permission=AclPermission(written["permission"]))
