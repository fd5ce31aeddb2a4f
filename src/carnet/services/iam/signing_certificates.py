"""X.509 signing certificates of users and of the root user.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSigningCertificate.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnet.base.faults import AlreadyExists, Refused
from carnet.entities.signing_certificate import SigningCertificate
from carnet.services.iam import certificate_sentences, shapes, targets
from carnet.services.iam.holdings import Holder, Holding, change_family, check_room, list_family
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.iam.x509 import SIGNING_CERTIFICATE, ReadCertificate
from carnet.services.operation import Answer, Call, WriteCall

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import UploadSigningCertificateRequestTypeDef

_CERTIFICATES: Holding[SigningCertificate] = Holding(
    entity=SigningCertificate, id_member="CertificateId", missing=certificate_sentences.signing_certificate_missing
)


@iam.write("UploadSigningCertificate", on=targets.user_or_caller, prepare=SIGNING_CERTIFICATE)
def upload_signing_certificate(
    call: WriteCall, given: UploadSigningCertificateRequestTypeDef, holder: Holder
) -> Answer:
    """Give a user or the root user a certificate that nobody in the account has yet."""
    quotas: IamQuotas = call.quotas
    most = quotas.signing_certificates_per_user
    check_room(_CERTIFICATES.held(call, holder), "CertificatesPerUser", most)
    read: ReadCertificate = call.prepared
    certificate = SigningCertificate(
        id=call.ids.signing_certificate(),
        account=call.account,
        owner=holder.id,
        body=given["CertificateBody"],
        fingerprint=read.fingerprint,
        created=call.now,
    )
    try:
        call.store.add(certificate)
    except AlreadyExists as fault:
        raise Refused("DuplicateCertificate", certificate_sentences.SIGNING_CERTIFICATE_EXISTS) from fault
    return {"Certificate": _shape(call, certificate, holder)}


def _shape(call: Call, certificate: SigningCertificate, holder: Holder) -> shapes.Structure:
    shape: shapes.Structure = {
        "CertificateId": certificate.id,
        "CertificateBody": certificate.body,
        "Status": shapes.status(active=certificate.active),
        "UploadDate": certificate.created,
    }
    return {**shapes.user_name(holder), **shape}


list_family(_CERTIFICATES, "ListSigningCertificates", member="Certificates", shape=_shape)
change_family(_CERTIFICATES, update="UpdateSigningCertificate", delete="DeleteSigningCertificate")
