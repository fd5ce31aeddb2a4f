"""Leave to set a person's password, through Carnet's own API."""

from __future__ import annotations

from pathlib import Path

from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.operator_token import OperatorScope
from carnet.entities.person_invitation import INVITATION_TOKEN, PersonInvitation
from tests.attacks.wire import audit
from tests.mail.post_office import post_office
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.own_api.calling import ACCOUNTS, call, operator_token


def test_an_operator_lets_a_person_set_a_password(server: InProcessServer) -> None:
    account, here, now = server.root.account, server.installation, server.clock()
    operator = operator_token(server, OperatorScope.PEOPLE_RESET, OperatorScope.ACCOUNTS_WRITE).text
    base = f"{ACCOUNTS}/{account}/identity-center"
    path = f"{base}/invitations"
    assert call(server, path, token=operator, method="POST", given={"user": "mary"}).code == "NotFound"
    assert call(server, base, token=operator, method="POST", given={}).status == 201
    assert call(server, path, token=operator, method="POST", given={"user": "mary"}).code == "NotFound"
    mary = IdentityStoreUser(
        id="0123456789-1",
        account=account,
        identity_store="d-0123456789",
        user_name="Mary",
        created=now,
        created_by="test",
        updated=now,
        updated_by="test",
    )
    with here.store.write() as unit:
        unit.add(mary)
    made = call(server, path, token=operator, method="POST", given={"user": "mary", "hours": 168})
    assert (made.status, made.members["userId"]) == (201, mary.id)
    assert audit(server)[-1]["responseElements"] == {key: made.members[key] for key in made.members if key != "token"}
    assert made.members["token"] not in here.settings.audit_file.read_text()
    for hours in (0, 169):
        refused = call(server, path, token=operator, method="POST", given={"user": "mary", "hours": hours})
        assert refused.code == "InvalidRequest"
    others = operator_token(server, *(set(OperatorScope) - {OperatorScope.PEOPLE_RESET})).text
    assert call(server, path, token=others, method="POST", given={"user": "mary"}).code == "AccessDenied"


def test_a_link_is_mailed(tmp_path: Path) -> None:
    with post_office() as office, in_process_server(tmp_path, smtp_url=office.url, mail_from="a@b.example") as server:
        account, now = server.root.account, server.clock()
        operator = operator_token(server, OperatorScope.PEOPLE_RESET, OperatorScope.ACCOUNTS_WRITE).text
        base = f"{ACCOUNTS}/{account}/identity-center"
        assert call(server, base, token=operator, method="POST", given={}).status == 201
        mary = IdentityStoreUser(
            id="0123456789-1",
            account=account,
            identity_store="d-0123456789",
            user_name="Mary",
            attributes={"Emails": [{"Value": "mary@example.com"}]},
            created=now,
            created_by="test",
            updated=now,
            updated_by="test",
        )
        with server.installation.store.write() as unit:
            unit.add(mary)
        path = f"{base}/mailed-invitations"
        others = operator_token(server, *(set(OperatorScope) - {OperatorScope.PEOPLE_RESET})).text
        assert call(server, path, token=others, method="POST", given={"user": "mary"}).code == "AccessDenied"
        assert office.commands == []
        made = call(server, path, token=operator, method="POST", given={"user": "mary"})
        assert (made.status, made.members["mailed"], made.members["userId"]) == (201, True, mary.id)
        assert "token" not in made.members
        assert audit(server)[-1]["responseElements"] == made.members
        token = office.link().partition("#")[2]
        invitation = server.installation.store.all_of(PersonInvitation)
        assert [one.digest for one in invitation] == [INVITATION_TOKEN.digest(token)]
        office.refused["RCPT"] = "550 nobody"
        refused = call(server, path, token=operator, method="POST", given={"user": "mary"})
        assert (refused.status, refused.code) == (503, "ServiceUnavailable")
        assert server.installation.store.all_of(PersonInvitation) == invitation, "the link before is still good"
        assert audit(server)[-1]["errorCode"] == "ServiceUnavailable"
        assert token not in server.installation.settings.audit_file.read_text()
        assert "mary@example.com" not in server.installation.settings.audit_file.read_text()


def test_no_mail_is_sent_if_no_server_is_named(server: InProcessServer) -> None:
    operator = operator_token(server, OperatorScope.PEOPLE_RESET).text
    path = f"{ACCOUNTS}/{server.root.account}/identity-center/mailed-invitations"
    refused = call(server, path, token=operator, method="POST", given={"user": "mary"})
    assert (refused.status, refused.code) == (400, "InvalidRequest")
    assert "CARNET_SMTP_URL" in refused.members["message"]
