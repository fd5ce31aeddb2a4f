"""Server certificates of an account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnet.base.faults import TooMany
from carnet.base.ids import SERVER_CERTIFICATE as SERVER_CERTIFICATE_ID
from carnet.entities.server_certificate import ServerCertificate
from carnet.services.fragments import remembered
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.kinds import SERVER_CERTIFICATES
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.renaming import allowed_as, renamed
from carnet.services.iam.service import iam
from carnet.services.iam.tagging import tags_of
from carnet.services.iam.x509 import SERVER_CERTIFICATE, ReadCertificate
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import entity_list
from carnet.services.request_tags import request_tags, tagged_on_creation

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        DeleteServerCertificateRequestTypeDef,
        GetServerCertificateRequestTypeDef,
        ListServerCertificatesRequestTypeDef,
        UpdateServerCertificateRequestTypeDef,
        UploadServerCertificateRequestTypeDef,
    )


@iam.write(
    "UploadServerCertificate",
    on=targets.new_server_certificate,
    also=(tagged_on_creation("iam:TagServerCertificate"),),
    context=(request_tags,),
    prepare=SERVER_CERTIFICATE,
)
def upload_server_certificate(call: WriteCall, given: UploadServerCertificateRequestTypeDef) -> Answer:
    """Upload a certificate whose private key and chain match it. The private key is not kept, because nothing here uses
    it."""
    quotas: IamQuotas = call.quotas
    if len(call.view.of(ServerCertificate)) >= quotas.server_certificates:
        raise TooMany(sentences.quota("ServerCertificatesPerAccount", quotas.server_certificates))
    read: ReadCertificate = call.prepared
    chain = given.get("CertificateChain")
    certificate = ServerCertificate(
        id=call.ids.unique(SERVER_CERTIFICATE_ID),
        account=call.account,
        partition=call.partition,
        path=given.get("Path", "/"),
        name=given["ServerCertificateName"],
        # Without the last newline, as AWS answers them; otherwise Terraform finds a difference.
        body=given["CertificateBody"].strip(),
        chain=chain.strip() if chain is not None else None,
        expires=read.expires,
        tags=tags_of(call, SERVER_CERTIFICATES, given),
        created=call.now,
    )
    SERVER_CERTIFICATES.add(call, certificate)
    return {"ServerCertificateMetadata": _metadata(certificate), **shapes.own_tags(certificate.tags)}


@iam.read("GetServerCertificate", on=targets.server_certificate)
def get_server_certificate(
    call: Call, given: GetServerCertificateRequestTypeDef, certificate: ServerCertificate
) -> Answer:
    """A certificate and its chain."""
    shape = {"ServerCertificateMetadata": _metadata(certificate), "CertificateBody": certificate.body}
    chain = {} if certificate.chain is None else {"CertificateChain": certificate.chain}
    return {"ServerCertificate": {**shape, **chain, **shapes.own_tags(certificate.tags)}}


@iam.read("ListServerCertificates", on=targets.list_server_certificates)
def list_server_certificates(call: Call, given: ListServerCertificatesRequestTypeDef) -> Answer:
    """The certificates below PathPrefix, by name."""
    certificates = call.view.of(ServerCertificate).sorted()
    member = "ServerCertificateMetadataList"
    return entity_list(call.paging, "ListServerCertificates", certificates, given, member, _metadata)


@iam.write(
    "UpdateServerCertificate",
    on=targets.server_certificate,
    also=(allowed_as("iam:UpdateServerCertificate", "NewServerCertificateName"),),
)
def update_server_certificate(
    call: WriteCall, given: UpdateServerCertificateRequestTypeDef, certificate: ServerCertificate
) -> Answer:
    """Rename a certificate or change its path."""
    SERVER_CERTIFICATES.save(call, certificate, renamed(certificate, given, "NewServerCertificateName"))
    return {}


@iam.write("DeleteServerCertificate", on=targets.server_certificate)
def delete_server_certificate(
    call: WriteCall, given: DeleteServerCertificateRequestTypeDef, certificate: ServerCertificate
) -> Answer:
    """Remove a certificate. No service of this server uses one."""
    call.store.remove(certificate)
    return {}


@remembered
def _metadata(certificate: ServerCertificate) -> shapes.Structure:
    return {
        "Path": certificate.path,
        "ServerCertificateName": certificate.name,
        "ServerCertificateId": certificate.id,
        "Arn": certificate.arn,
        "UploadDate": certificate.created,
        "Expiration": certificate.expires,
    }
