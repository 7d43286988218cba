"""Refresh, revocation, expiry, and invalid tokens."""

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from harness.client import API, Client, assert_problem, assert_token_error
from harness.raw_http import exchange, head
from harness.tokens import MILLION, assert_tokens, is_valid
from harness.waiting import eventually

# MARK: The refresh grant


def test_a_refresh_gives_a_new_pair_of_tokens(anonymous, user):
    first = anonymous.sign_in(user)
    second = assert_tokens(anonymous.refresh(first["refresh_token"]), anonymous)
    assert {first["access_token"], first["refresh_token"]}.isdisjoint({second["access_token"], second["refresh_token"]})
    third = assert_tokens(anonymous.refresh(second["refresh_token"]), anonymous)
    assert third["refresh_token"] != second["refresh_token"]


def test_a_refresh_works_as_a_JSON_object_and_as_a_form(anonymous, user):
    token = anonymous.sign_in(user)["refresh_token"]
    response = anonymous.token_request(json.dumps({"grant_type": "refresh_token", "refresh_token": token}))
    token = assert_tokens(response, anonymous)["refresh_token"]
    response = anonymous.token_request(
        urlencode({"grant_type": "refresh_token", "refresh_token": token}), "application/x-www-form-urlencoded"
    )
    assert_tokens(response, anonymous)


def test_the_second_use_of_a_refresh_token_revokes_its_whole_family(anonymous, user, server):
    first = anonymous.sign_in(user)
    other = anonymous.sign_in(user)
    second = anonymous.refresh(first["refresh_token"]).json()
    third = anonymous.refresh(second["refresh_token"]).json()
    assert_token_error(anonymous.refresh(first["refresh_token"]), "invalid_grant")
    for pair in (first, second, third):
        assert not is_valid(Client(server, pair["access_token"]))
        assert_token_error(anonymous.refresh(pair["refresh_token"]), "invalid_grant")
    # Another login of the same user starts another family.
    assert is_valid(Client(server, other["access_token"]))
    assert anonymous.refresh(other["refresh_token"]).status_code == 200
    server.wait_for_event("refreshTokenReused", lambda line: line["user"] == user.name)


def test_of_many_refreshes_of_one_token_at_once_at_most_one_succeeds(anonymous, user, server):
    for _ in range(5):
        token = anonymous.sign_in(user)["refresh_token"]
        barrier = threading.Barrier(8)

        def refresh(client):
            barrier.wait()
            return client.refresh(token)

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(refresh, [Client(server) for _ in range(8)]))
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
        # The token was used more than once: its family is revoked.
        winner = next(answer.json() for answer in answers if answer.status_code == 200)
        assert_token_error(anonymous.refresh(winner["refresh_token"]), "invalid_grant")


def test_an_access_token_is_no_refresh_token_nor_the_other_way_round(anonymous, user, server):
    tokens = anonymous.sign_in(user)
    assert_token_error(anonymous.refresh(tokens["access_token"]), "invalid_grant")
    assert not is_valid(Client(server, tokens["refresh_token"]))
    assert is_valid(Client(server, tokens["access_token"]))


def test_a_disabled_user_cannot_refresh(anonymous, user, directory):
    tokens = anonymous.sign_in(user)
    directory.disable(user)
    assert_token_error(anonymous.refresh(tokens["refresh_token"]), "invalid_grant")


# MARK: Revocation


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_the_session(anonymous, user, server, kind):
    tokens, other = anonymous.sign_in(user), anonymous.sign_in(user)
    response = anonymous.revoke(tokens[kind])
    assert response.status_code == 200
    assert not is_valid(Client(server, tokens["access_token"]))
    assert_token_error(anonymous.refresh(tokens["refresh_token"]), "invalid_grant")
    assert is_valid(Client(server, other["access_token"]))


def test_a_revoked_access_token_is_401(anonymous, user, directory, server):
    job = directory.job(user)
    tokens = anonymous.sign_in(user)
    assert anonymous.revoke(tokens["access_token"]).status_code == 200
    assert_problem(Client(server, tokens["access_token"]).delete(job), 401)
    assert directory.exists(job)


def test_revoking_what_is_unknown_or_revoked_already_is_200(anonymous, user):
    # RFC 7009, section 2.2.
    tokens = anonymous.sign_in(user)
    for token in ("nonsense", "' OR 1=1 --", tokens["access_token"], tokens["access_token"], "ü"):
        assert anonymous.revoke(token).status_code == 200


def test_a_hint_of_the_wrong_kind_does_no_harm(anonymous, user, server):
    # RFC 7009, section 2.1: the server must search all token types.
    tokens = anonymous.sign_in(user)
    body = f"token={tokens['access_token']}&token_type_hint=refresh_token"
    response = anonymous.request(
        "POST",
        f"{API}/oauth/revoke",
        authorized=False,
        data=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert response.status_code == 200
    assert not is_valid(Client(server, tokens["access_token"]))


def test_a_revocation_may_be_a_JSON_object(anonymous, user, server):
    tokens = anonymous.sign_in(user)
    response = anonymous.request(
        "POST", f"{API}/oauth/revoke", authorized=False, json={"token": tokens["access_token"]}
    )
    assert response.status_code == 200
    assert not is_valid(Client(server, tokens["access_token"]))


def test_a_revocation_without_a_token_is_refused(anonymous):
    for body in ("", "token=", "tokken=x", "{}", "token=a&token=b"):
        response = anonymous.request("POST", f"{API}/oauth/revoke", authorized=False, data=body)
        assert_token_error(response, "invalid_request")


# MARK: Tokens that are no longer, or never were


def test_tokens_expire_after_their_lifetimes(server, start_server, database, directory, anonymous):
    brief = start_server(database, {"tokens.accessLifetimeSeconds": 60, "tokens.refreshLifetimeSeconds": 180})
    client, user = Client(brief), directory.user()
    first = client.sign_in(user)
    assert first["expires_in"] == 60
    assert is_valid(client)

    def pass_seconds(seconds):
        """Moves the expiry of the user's tokens, so that the test depends on no clock."""
        for kind in ("access", "refresh"):
            database.rows(
                f"UPDATE auth.{kind}_tokens SET expires_at = expires_at - %s * interval '1 second' "
                "WHERE session_id IN (SELECT session_id FROM auth.sessions WHERE user_id = %s)",
                seconds,
                user.id,
            )

    pass_seconds(60)
    assert_problem(client.delete(directory.job(user)), 401)
    assert 'error="invalid_token"' in client.job(uuid.uuid4()).headers["WWW-Authenticate"]
    # The session outlives the access token: the refresh token still works, and is renewed.
    second = client.refresh(first["refresh_token"])
    assert second.status_code == 200
    client.token = second.json()["access_token"]
    assert is_valid(client)
    pass_seconds(180)
    assert_token_error(client.refresh(second.json()["refresh_token"]), "invalid_grant")
    # Expiry is stored with the token: the common server, with other settings, rejects it as well.
    assert not is_valid(Client(server, second.json()["access_token"]))


def test_expired_sessions_are_swept_away(start_server, new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    brief = start_server(
        database,
        {"tokens.accessLifetimeSeconds": 1, "tokens.refreshLifetimeSeconds": 1, "deletion.eraserPollSeconds": 0.2},
    )
    Client(brief).sign_in(directory.user())
    assert database.value("SELECT count(*) FROM auth.sessions") == 1
    eventually(lambda: database.value("SELECT count(*) FROM auth.sessions") == 0, what="the session is swept away")
    assert database.value("SELECT count(*) FROM auth.access_tokens") == 0
    assert database.value("SELECT count(*) FROM auth.refresh_tokens") == 0


def test_another_servers_token_is_401(start_server, new_database, directory_of, directory, server):
    elsewhere = new_database()
    stranger = Client(start_server(elsewhere))
    tokens = stranger.sign_in(directory_of(elsewhere).user())
    assert is_valid(stranger)
    job = directory.job(directory.user())
    assert_problem(Client(server, tokens["access_token"]).delete(job), 401)
    assert_token_error(Client(server).refresh(tokens["refresh_token"]), "invalid_grant")
    assert is_valid(stranger)


def test_a_token_works_at_every_server_of_the_database(start_server, database, client, directory, user):
    second = Client(start_server(database), client.token)
    job = directory.job(user)
    assert second.delete(job).status_code == 204
    assert second.revoke(client.token).status_code == 200
    assert not is_valid(client)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token[1:],
        lambda token: token + "A",
        lambda token: token.swapcase(),
        lambda token: token[: len(token) // 2],
        lambda token: token + "=",
        lambda token: token[::-1],
        lambda token: f'"{token}"',
        lambda token: f"{token},{token}",
        lambda token: token + "%00",
        lambda token: "Bearer " + token,
    ],
    ids=[
        "truncated",
        "beheaded",
        "longer",
        "case",
        "half",
        "padded",
        "backwards",
        "quoted",
        "twice",
        "NUL",
        "scheme twice",
    ],
)
def test_a_spoilt_token_is_401(client, server, directory, user, spoil):
    job = directory.job(user)
    assert_problem(Client(server, spoil(client.token)).delete(job), 401)
    assert directory.exists(job)


def test_a_token_in_the_query_or_the_body_does_not_count(client, directory, user):
    job = directory.job(user)
    response = client.request(
        "DELETE",
        f"{API}/Jobs?jobid={job.id}&access_token={client.token}",
        authorized=False,
        data=f"access_token={client.token}",
    )
    assert_problem(response, 401)
    assert directory.exists(job)


def test_two_tokens_in_one_request_are_refused(client, server, directory, user):
    job = directory.job(user)
    line = f"Authorization: Bearer {client.token}"
    answer = exchange(server, head("DELETE", f"{API}/Jobs?jobid={job.id}", line, line))
    assert answer.status in (400, 401)
    assert directory.exists(job)


def test_a_token_of_one_megabyte_is_refused(client, server, directory, user):
    job = directory.job(user)
    answer = exchange(
        server, head("DELETE", f"{API}/Jobs?jobid={job.id}", f"Authorization: Bearer {'A' * MILLION}"), "DELETE"
    )
    assert answer is not None, "the connection was closed without an answer"
    assert answer.status == 431
    assert directory.exists(job)
    assert client.token_request(f"grant_type=refresh_token&refresh_token={'A' * MILLION}").status_code == 413
    assert client.revoke("A" * MILLION).status_code == 413
    server.assert_alive()


def test_the_longest_token_that_fits_is_401(server):
    assert_problem(Client(server, "A" * 8000).job(uuid.uuid4()), 401)
