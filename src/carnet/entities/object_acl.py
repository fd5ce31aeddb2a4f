"""Access control lists of objects of Amazon S3 that are not the one that every object has by default."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from carnet.entities.bucket import Acl


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadKey:
    """The key of AWS KMS that encrypts the parts of a multipart upload."""

    arn: str
    """Of the key; that of its alias for the key aws/s3."""
    context: str
    """What `aws:s3:arn` is in the encryption context: the object, or its bucket if that has a key, by its ARN."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectAcl:
    """Who owns one version of an object, and whom its ACL lets do what.

    INVARIANT: it is of what the upstream has under this key with this version and this ETag, and of nothing else, so
    that one which was left behind opens no other content.
    """

    account: str
    """The account that owns the bucket."""
    object: str
    """The ARN of the object."""
    version: str = ""
    """As the upstream calls it; empty for an object without versions."""
    upload: str = ""
    """The id of a multipart upload that is not complete, whose object will have the ACL; empty for an object."""
    etag: str = ""
    """Without its quotes; empty for an upload."""
    owner: str
    """The account that owns the object."""
    acl: Acl
    key: UploadKey | None = None
    """Of an upload; None if no key of AWS KMS encrypts it, and for an object, of which the upstream tells the key."""
    set: datetime

    @property
    def bucket(self) -> str:
        """The ARN of its bucket."""
        return self.object.partition("/")[0]

    @property
    def id(self) -> str:
        """Of fixed length, since keys and versions are as long as an index has no room for."""
        parts = (self.account, self.object, self.version, self.upload)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
