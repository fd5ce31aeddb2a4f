"""ListAccounts, ListAccountRoles, GetRoleCredentials, Logout: all that clients ask with an access token.

They are answered from the directory, whether or not the database answers. What somebody else has is never told: an
account that is not assigned is answered as one that does not exist.

https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnet.base.faults import Denied
from carnet.directory.assignments import Assigned, assigned_to
from carnet.directory.identity_center import person
from carnet.entities.browser_session import BrowserSession
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.oauth_session import OAuthSession
from carnet.identity.authenticate import Authenticate
from carnet.services.oauth_sessions import end_sessions
from carnet.services.operation import Answer, BearerCall, BearerWriteCall, anybody
from carnet.services.paging import page
from carnet.services.portal_sessions import portal_session
from carnet.services.sso.service import sso

Given = Mapping[str, Any]
_NO_ACCESS = "No access"


@sso.read("ListAccounts", on=anybody, authenticate=Authenticate.BEARER)
def list_accounts(call: BearerCall, given: Given) -> Answer:
    """The accounts that the person has a permission set in."""
    accounts = {one.target.account.id: one.target.account for one in _assignments(call)}
    found = [accounts[each] for each in sorted(accounts)]
    return page(call.paging, "ListAccounts", found, given, key=lambda account: account.id).answer(
        "accountList",
        lambda account: {"accountId": account.id, "accountName": account.name, "emailAddress": account.email},
    )


@sso.read("ListAccountRoles", on=anybody, authenticate=Authenticate.BEARER)
def list_account_roles(call: BearerCall, given: Given) -> Answer:
    """The permission sets that the person has in an account, by their names."""
    wanted = given["accountId"]
    names = sorted({one.permission_set.name for one in _assignments(call) if one.target.account.id == wanted})
    if not names:
        raise Denied(_NO_ACCESS)
    return page(call.paging, "ListAccountRoles", names, given, key=str).answer(
        "roleList", lambda name: {"roleName": name, "accountId": wanted}
    )


@sso.read("GetRoleCredentials", on=anybody, authenticate=Authenticate.BEARER)
def get_role_credentials(call: BearerCall, given: Given) -> Answer:
    """Credentials of the role that a permission set is in an account."""
    wanted = given["accountId"], given["roleName"]
    found = next(
        (one for one in _assignments(call) if (one.target.account.id, one.permission_set.name) == wanted), None
    )
    if found is None:
        raise Denied(_NO_ACCESS)
    session = call.snapshot.accounts[call.caller.user.account].of(OAuthSession).by_id[call.caller.user.credential_id]
    issued = portal_session(call.snapshot, call.parts, _person(call), found, call.now, attributes=session.attributes)
    return {
        "roleCredentials": {
            "accessKeyId": issued.credentials.access_key_id,
            "secretAccessKey": issued.credentials.secret_access_key,
            "sessionToken": issued.credentials.session_token,
            "expiration": issued.expires_ms,
        }
    }


@sso.write("Logout", on=anybody, authenticate=Authenticate.BEARER)
def logout(call: BearerWriteCall, given: Given) -> Answer:
    """End the session that the token is of, the browser's session in which it was let, and what else was let there."""
    view, user = call.snapshot.accounts[call.caller.user.account], call.caller.user
    session = view.of(OAuthSession).by_id[user.credential_id]
    end_sessions(call.store, view, user.user_id, session.sign_in)
    browser = view.of(BrowserSession).get(session.sign_in)
    if browser is not None and browser.holder == user.user_id:
        call.store.remove(browser)
    return {}


def _assignments(call: BearerCall) -> Iterator[Assigned]:
    return assigned_to(call.snapshot, _person(call))


def _person(call: BearerCall) -> IdentityStoreUser:
    found = person(call.snapshot, call.caller.user.user_id)
    assert found is not None, "the caller was found at this revision"
    return found
