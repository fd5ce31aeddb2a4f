"""What counts once, asked many times at once; and two sign-ins in two tabs of one browser."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.audit.steps import Arrived
from carnet.console.entering import read_policies
from carnet.console.flow import Flow
from carnet.console.leaving_for_provider import BEGIN_HERE
from carnet.console.parts import ConsoleParts
from carnet.entities.identity_center_instance import Instance
from carnet.entities.oauth_session import GRACE
from tests.console.browsing import Page
from tests.console.conftest import Site
from tests.console.test_login_consent import Program
from tests.console.test_passkeys import with_passkey
from tests.console.test_people import OTHER, instance
from tests.console.test_provider_sign_in import IDP, Provided, use, use_directory
from tests.console.test_sso_consent import Person
from tests.saml import idp

assert callable(instance), "a fixture"

MANY = 8


def at_once(work: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(lambda _: work(), range(MANY)))


@pytest.fixture
def mary(site: Site, instance: Instance) -> Person:
    return Person(site, instance)


def asked(mary: Person, given: dict[str, str]) -> dict[str, Any] | str:
    """The tokens, or the error code."""
    try:
        told: dict[str, Any] = mary.oidc.create_token(**given)
    except ClientError as problem:
        return str(problem.response["Error"]["Code"])
    return told


def test_attack_1_a_code_that_is_used_many_times_at_once(mary: Person) -> None:
    given = mary.code(mary.register())
    told = at_once(lambda: asked(mary, given))
    (tokens,) = [each for each in told if isinstance(each, dict)]
    assert Counter(each for each in told if isinstance(each, str)) == {"InvalidGrantException": MANY - 1}
    with pytest.raises(mary.portal.exceptions.UnauthorizedException):
        mary.portal.list_accounts(accessToken=tokens["accessToken"])


def test_attack_10_a_refresh_token_that_is_used_many_times_at_once(site: Site, mary: Person) -> None:
    """Processes that share one get the same successor, and neither it nor they grow more."""
    given = mary.code(mary.register())
    client = {name: given[name] for name in ("clientId", "clientSecret")}
    first = mary.oidc.create_token(**given)["refreshToken"]
    again = {"grantType": "refresh_token", "refreshToken": first, **client}
    told: list[Any] = at_once(lambda: asked(mary, again))
    assert all(isinstance(each, dict) for each in told), told
    for each in told:
        mary.portal.list_accounts(accessToken=each["accessToken"])
    following: list[Any] = [asked(mary, again | {"refreshToken": each["refreshToken"]}) for each in told]
    assert all(isinstance(each, dict) for each in following), "each of them is the one that comes next"
    site.later(GRACE.total_seconds() + 1)
    for old in (told[0], following[0]):
        assert asked(mary, again | {"refreshToken": old["refreshToken"]}) == "InvalidGrantException"


def test_attack_12_a_proof_that_is_used_many_times_at_once(site: Site) -> None:
    program = Program(site)
    token = program.begun()["refreshToken"]
    proof = program.prover.proof(f"http://{program.browser.host}/v1/token", site.server.clock())
    told = at_once(lambda: program.refresh(token, proof=proof))
    assert Counter(status for status, _ in told) == {200: 1, 400: MANY - 1}
    assert {body["message"] for status, body in told if status == 400} == {"Invalid DPoP proof: it was used before."}


@pytest.fixture
def provided(site: Site, instance: Instance) -> Iterator[Provided]:
    use(site, idp.metadata(redirect=IDP))
    yield Provided(site, instance)
    use_directory(site)


def test_the_answers_of_two_tabs_are_not_mixed_up(provided: Provided) -> None:
    """The browser waits for the answer to what it has asked for last; neither tab takes the other one's."""
    first, second = provided.leave(to="/device"), provided.leave(to="/console/security")
    for relay, request in ((first, first), (first, second), (second, first)):
        page = provided.post(idp.post(provided.answer(request["request"])), relay["relay"])
        assert (page.status, page.told["message"]) == (401, BEGIN_HERE)
        assert not provided.browser.is_signed_in()
    page = provided.post(idp.post(provided.answer(second["request"])), second["relay"])
    assert (page.status, page.told) == (200, {"to": "/console/security"})


def test_attack_33_an_answer_that_comes_many_times_at_once(provided: Provided) -> None:
    left = provided.leave()
    response, cookies = idp.post(provided.answer(left["request"])), dict(provided.browser.cookies)

    def taken() -> int:
        browser = provided.site.browser
        browser.cookies |= cookies
        return provided.post(response, left["relay"], browser).status

    assert Counter(at_once(taken)) == {200: 1, 401: MANY - 1}


def before_its_change(patch: pytest.MonkeyPatch, other: Callable[[], Page], step: Callable[[], Page]) -> list[Page]:
    """What `other` and `step` are answered with: `other` comes once `step` was looked at, and before it changes
    anything."""
    pages: list[Page] = []

    async def meanwhile(parts: ConsoleParts, arrived: Arrived, flow: Flow) -> None:
        patch.undo()
        pages.append(await asyncio.to_thread(other))
        await read_policies(parts, arrived, flow)

    patch.setattr("carnet.console.sign_in.read_policies", meanwhile)
    page = step()
    return [*pages, page]


def test_of_two_new_passwords_at_one_moment_one_is_set(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    user = site.user(PasswordResetRequired=True)
    site.iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/IAMUserChangePassword")
    flows = [site.sign_in(site.browser, user)["flow"] for _ in range(2)]
    first, second = before_its_change(
        monkeypatch,
        lambda: site.browser.step("new-password", flow=flows[0], password=OTHER),
        lambda: site.browser.step("new-password", flow=flows[1], password="Another-one-3"),
    )
    assert first.told == {"next": "done"}
    assert (second.status, second.told["code"]) == (401, "SignInExpired")
    assert site.sign_in(site.browser, user, OTHER) == {"next": "done"}


def test_of_a_passkey_and_its_copy_one_signs_in(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have signed with the same count, each its own challenge."""
    user, key = with_passkey(site, count=5)
    answers = []
    for _ in range(2):
        told = site.sign_in(site.browser, user)
        key.count = 5
        answers.append({"flow": told["flow"], "credential": key.get(told["passkey"])})
    first, second = before_its_change(
        monkeypatch,
        lambda: site.browser.step("passkey", **answers[0]),
        lambda: site.browser.step("passkey", **answers[1]),
    )
    assert first.told == {"next": "done"}
    assert (second.status, second.told["code"]) == (401, "SignInExpired")
