"""Leave to set a person's password, through Carnet's own API."""

from __future__ import annotations

from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.operator_token import OperatorScope
from tests.attacks.wire import audit
from tests.server.in_process import InProcessServer
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
