"""A signature among the fields of a form that a browser posts to Amazon S3.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from carnet.sigv4.errors import incomplete, unsupported_algorithm
from carnet.sigv4.presented import ALGORITHM, Presented
from carnet.sigv4.scope import parse_credential
from carnet.sigv4.timestamp import parse_timestamp

POLICY = "policy"
_ALGORITHM, _CREDENTIAL, _DATE = "x-amz-algorithm", "x-amz-credential", "x-amz-date"
_SIGNATURE, _TOKEN = "x-amz-signature", "x-amz-security-token"
_REQUIRED = (POLICY, _ALGORITHM, _CREDENTIAL, _DATE, _SIGNATURE)
SIGNING_FIELDS = frozenset((*_REQUIRED, _TOKEN))
_LIFETIME = timedelta(days=7)
"""As long as AWS takes a signing key. The policy says how long its form is good."""


def is_signed_form(form: Mapping[str, str]) -> bool:
    """Whether any field of a signature is there."""
    return not SIGNING_FIELDS.isdisjoint(form)


def read_form(form: Mapping[str, str]) -> Presented:
    """Read the fields of the signature. Raises AuthFailure (IncompleteSignature) if they are not whole."""
    missing = [name for name in _REQUIRED if not form.get(name)]
    if missing:
        raise incomplete(
            f"Bucket POST must contain a field named '{missing[0]}'.  If it is specified, please check the order of "
            "the fields."
        )
    if form[_ALGORITHM] != ALGORITHM:
        raise unsupported_algorithm(form[_ALGORITHM])
    return Presented(
        key=parse_credential(form[_CREDENTIAL]),
        signed=parse_timestamp(form[_DATE]),
        signed_headers="",
        signature=form[_SIGNATURE],
        token=form.get(_TOKEN),
        lifetime=_LIFETIME,
        signature_in=_SIGNATURE,
    )
