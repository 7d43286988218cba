"""Tokens: the password grant with all habits of real clients, the refresh grant, revocation, and refusals."""

import base64
import concurrent.futures
import json
import subprocess
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode

import pytest

from harness.client import API, Client, assert_problem, assert_token_error
from harness.directory import PASSWORD, PASSWORD_BASE64, unique
from harness.raw_http import exchange, head
from harness.server import run_command
from harness.waiting import eventually

MILLION = 1_000_000


def base64_of(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def assert_tokens(response, client, job=None):
    """The answer is a pair of tokens, and the access token works."""
    assert response.status_code == 200, response.text
    tokens = response.json()
    assert set(tokens) >= {"access_token", "refresh_token", "token_type", "expires_in"}
    assert tokens["token_type"] == "bearer"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"].split(";")[0] == "application/json"
    client.token = tokens["access_token"]
    assert is_valid(client)
    return tokens


def is_valid(client):
    """Whether the client's access token is taken for one: a job that nobody has is 404 then."""
    response = client.job(uuid.uuid4())
    assert response.status_code in (404, 401), response.text
    return response.status_code == 404


# MARK: The password grant


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/x-www-form-urlencoded", "text/plain", None, "application/json; charset=utf-8"],
)
def test_the_unencoded_form_of_the_known_clients_works_under_any_content_type(anonymous, user, content_type):
    body = f"grant_type=password&username={user.name}&password={PASSWORD_BASE64}"
    assert all(character in body for character in "\\+/="), "the raw characters are the point of this test"
    assert_tokens(anonymous.token_request(body, content_type), anonymous)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", None])
def test_a_properly_encoded_form_works(anonymous, user, content_type):
    body = urlencode({"grant_type": "password", "username": user.name, "password": PASSWORD_BASE64})
    assert "%5C" in body and "%2B" in body and "%2F" in body and "%3D" in body
    assert_tokens(anonymous.token_request(body, content_type), anonymous)


def test_a_form_that_requests_encodes_itself_works(anonymous, user):
    fields = {"grant_type": "password", "username": user.name, "password": PASSWORD_BASE64}
    assert_tokens(anonymous.request("POST", f"{API}/oauth/tokens", authorized=False, data=fields), anonymous)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", None])
def test_a_JSON_object_works(anonymous, user, content_type):
    body = json.dumps({"grant_type": "password", "username": user.name, "password": PASSWORD_BASE64}, indent=2)
    assert_tokens(anonymous.token_request(body, content_type), anonymous)


def test_a_JSON_object_with_white_space_around_and_members_unknown_works(anonymous, user):
    # RFC 6749, section 3.2: unrecognized parameters are ignored.
    members = {
        "scope": ["all"],
        "remember": True,
        "client": {"id": 1},
        "nothing": None,
        "grant_type": "password",
        "username": user.name,
        "password": PASSWORD_BASE64,
    }
    assert_tokens(anonymous.token_request("\r\n " + json.dumps(members) + "\r\n"), anonymous)


def test_spaces_that_some_layer_made_of_plus_signs_are_plus_signs(anonymous, user):
    spoilt = PASSWORD_BASE64.replace("+", " ")
    assert_tokens(anonymous.token_request(f"grant_type=password&username={user.name}&password={spoilt}"), anonymous)
    encoded = PASSWORD_BASE64.replace("+", "%20")
    assert_tokens(anonymous.token_request(f"grant_type=password&username={user.name}&password={encoded}"), anonymous)
    members = {"grant_type": "password", "username": user.name, "password": spoilt}
    assert_tokens(anonymous.token_request(json.dumps(members)), anonymous)


@pytest.mark.parametrize(
    "body",
    [
        "password={password}&username={user}&grant_type=password",
        "Grant_Type=password&UserName={user}&PASSWORD={password}",
        "grant_type=password&username={user}&password={password}&client_id=x&scope=a%20b",
        "&grant_type=password&&username={user}&password={password}&",
        " grant_type=password& username={user}& password={password}",
        "grant_type=password&username={user}&password={password}\r\n",
    ],
    ids=["order", "case", "unknown", "empty pairs", "spaces", "line end"],
)
def test_the_order_the_case_and_further_parameters_do_not_matter(anonymous, user, body):
    assert_tokens(anonymous.token_request(body.format(user=user.name, password=PASSWORD_BASE64)), anonymous)


def test_user_names_are_not_case_sensitive(anonymous, user):
    for name in (user.name.upper(), user.name.lower()):
        assert_tokens(
            anonymous.token_request(f"grant_type=password&username={name}&password={PASSWORD_BASE64}"), anonymous
        )


@pytest.mark.parametrize(
    "name",
    [
        "O'Brien",
        'say "hello"',
        "back\\slash\\",
        "x'; DROP TABLE directory.users; --",
        "ümläut 😀",
        "a%41+b&c=d",
        "$1",
        "{x}",
        "per%cent",
        "comma,semi;colon",
        "  inside  two  ",
    ],
)
def test_a_user_with_any_characters_in_the_name_signs_in(anonymous, directory, name):
    user = directory.user(name=unique(name).strip())
    body = f"grant_type=password&username={quote(user.name, safe='')}&password={quote(PASSWORD_BASE64, safe='')}"
    assert_tokens(anonymous.token_request(body), anonymous)
    members = {"grant_type": "password", "username": user.name, "password": PASSWORD_BASE64}
    assert_tokens(anonymous.token_request(json.dumps(members)), anonymous)


def test_curl_gets_a_token(user, server):
    arguments = [
        "curl",
        "--silent",
        "--show-error",
        "--cacert",
        server.certificate.certificate,
        f"{server.api}/oauth/tokens",
        "--data",
        "grant_type=password",
        "--data-urlencode",
        f"username={user.name}",
        "--data-urlencode",
        f"password={PASSWORD_BASE64}",
    ]
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    assert Client(server, json.loads(result.stdout)["access_token"]).job(uuid.uuid4()).status_code == 404


def test_tokens_are_long_random_and_kept_as_hashes_only(anonymous, user, directory):
    tokens = [anonymous.sign_in(user)[kind] for _ in range(3) for kind in ("access_token", "refresh_token")]
    assert len(set(tokens)) == 6
    # 256 bits in Base64 are 43 characters.
    assert all(len(token) >= 43 for token in tokens)
    for table in ("access_tokens", "refresh_tokens"):
        stored = directory.database.value(f"SELECT string_agg(t::text, ' ') FROM auth.{table} t")
        assert not any(token in stored or token.encode().hex() in stored for token in tokens)


def test_the_lifetime_answered_is_the_setting(anonymous, user):
    assert anonymous.sign_in(user)["expires_in"] == 3600


def test_no_secret_is_in_the_log(anonymous, user, server):
    tokens = anonymous.sign_in(user)
    anonymous.refresh(tokens["refresh_token"])
    anonymous.token_request(f"grant_type=password&username={user.name}&password={base64_of('wrong horse')}")
    anonymous.get(f"{API}/jobs?jobname=x&access_token={tokens['access_token']}")
    server.wait_for_event("loginFailed", lambda line: line["user"] == user.name)
    log = server.log_text()
    for secret in (
        tokens["access_token"],
        tokens["refresh_token"],
        PASSWORD,
        PASSWORD_BASE64,
        "wrong horse",
        base64_of("wrong horse"),
    ):
        assert secret not in log


# MARK: Refusals


def test_a_wrong_password_an_unknown_and_a_disabled_user_are_told_the_same(anonymous, user, directory):
    disabled = directory.user(disabled=True)
    answers = [
        assert_token_error(
            anonymous.token_request(f"grant_type=password&username={name}&password={password}"), "invalid_grant"
        )
        for name, password in (
            (user.name, base64_of("wrong")),
            (unique("nobody"), PASSWORD_BASE64),
            (disabled.name, PASSWORD_BASE64),
        )
    ]
    assert answers[0] == answers[1] == answers[2]


def test_a_user_without_a_password_cannot_sign_in(anonymous, directory):
    user = directory.user()
    directory.database.rows("UPDATE directory.users SET password_hash = NULL WHERE user_id = %s", user.id)
    for password in (PASSWORD_BASE64, base64_of("null"), base64_of("x")):
        assert_token_error(
            anonymous.token_request(f"grant_type=password&username={user.name}&password={password}"), "invalid_grant"
        )


@pytest.mark.parametrize(
    "near", [PASSWORD + " ", PASSWORD[:-1], PASSWORD.upper(), PASSWORD + "\0", " " + PASSWORD, PASSWORD * 2]
)
def test_a_password_that_is_nearly_right_is_wrong(anonymous, user, near):
    assert_token_error(
        anonymous.token_request(f"grant_type=password&username={user.name}&password={base64_of(near)}"), "invalid_grant"
    )


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "invalid_request"),
        ("\r", "invalid_request"),
        ("nonsense", "invalid_request"),
        ("{}", "invalid_request"),
        ("[]", "invalid_request"),
        ("null", "invalid_request"),
        ('"text"', "invalid_request"),
        ('{"grant_type": "password"', "invalid_request"),
        ('{"grant_type": 1, "username": "x", "password": "eA=="}', "invalid_request"),
        ('{"grant_type": "password", "username": ["x"], "password": "eA=="}', "invalid_request"),
        ('{"grant_type": "password", "username": "x", "password": null}', "invalid_request"),
        ("grant_type=password", "invalid_request"),
        ("grant_type=password&username=x", "invalid_request"),
        ("grant_type=password&password=eA==", "invalid_request"),
        ("grant_type=password&username=&password=eA==", "invalid_request"),
        ("grant_type=password&username=x&password=", "invalid_request"),
        ("username=x&password=eA==", "invalid_request"),
        ("grant_type=password&grant_type=password&username=x&password=eA==", "invalid_request"),
        ("grant_type=password&username=x&username=y&password=eA==", "invalid_request"),
        ("grant_type=password&username=x&password=!!!", "invalid_request"),
        ("grant_type=password&username=x&password=eA=x=", "invalid_request"),
        ("grant_type=password&username=%00&password=eA==", "invalid_request"),
        ("grant_type=password&username=x%00y&password=eA==", "invalid_request"),
        ("grant_type=password&username=%FF%FE&password=eA==", "invalid_request"),
        ("grant_type=password&username=%&password=eA==", "invalid_request"),
        ("grant_type=password&username=%zz&password=eA==", "invalid_request"),
        ('{"grant_type": "password", "username": "x\\u0000", "password": "eA=="}', "invalid_request"),
        ('{"grant_type": "password", "username": "\\ud800", "password": "eA=="}', "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=nonsense", "invalid_grant"),
        ("grant_type=client_credentials", "unsupported_grant_type"),
        ("grant_type=authorization_code&code=x", "unsupported_grant_type"),
        ('{"grant_type": "implicit"}', "unsupported_grant_type"),
    ],
)
def test_a_faulty_token_request_is_refused_by_RFC_6749(anonymous, body, error):
    assert_token_error(anonymous.token_request(body), error)


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=password&username=\xff\xfe&password=eA==",
        b"grant_type=password&username=a\0b&password=eA==",
        b'{"grant_type": "password", "username": "\xff", "password": "eA=="}',
        b"\0",
        b"\xff" * 100,
        b'\xef\xbb\xbf{"grant_type": "password"}',
        '{"grant_type": "password"}'.encode("utf-16"),
        b'{"grant_type":' + b"[" * 8000,
        b"{" * 16000,
        b'{"a":' * 3000,
    ],
    ids=[
        "bytes",
        "NUL",
        "JSON bytes",
        "only NUL",
        "only bytes",
        "BOM",
        "UTF-16",
        "deep array",
        "braces",
        "deep object",
    ],
)
def test_a_token_request_that_is_no_text_is_refused_by_RFC_6749(anonymous, server, body):
    assert_token_error(anonymous.token_request(body), "invalid_request")
    server.assert_alive()


def test_a_password_that_is_no_text_is_wrong_and_not_a_fault(anonymous, user):
    for password in (b"\xff\xfe\xfd", b"\0", bytes(range(256))):
        response = anonymous.token_request(
            f"grant_type=password&username={user.name}&password={quote(base64_of(password), safe='')}"
        )
        assert_token_error(response, "invalid_grant")


@pytest.mark.parametrize(
    "name",
    [
        "' OR '1'='1",
        "x' OR 1=1 --",
        "'; DROP TABLE directory.users; --",
        '"; SELECT pg_sleep(10); --',
        "\\",
        "\\'",
        "%",
        "_%",
        "$1",
        "NULL",
        "\u202e",
        "a" * 256,
        "😀" * 256,
    ],
)
def test_SQL_in_the_user_name_is_a_name_nobody_has(anonymous, directory, name):
    users = directory.database.value("SELECT count(*) FROM directory.users")
    body = urlencode({"grant_type": "password", "username": name, "password": PASSWORD_BASE64})
    started = time.monotonic()
    assert_token_error(anonymous.token_request(body), "invalid_grant")
    assert time.monotonic() - started < 9
    assert directory.database.value("SELECT count(*) FROM directory.users") == users


def test_an_endless_user_name_or_password_is_refused(anonymous, server):
    long_name = f"grant_type=password&username={'a' * 10_000}&password=eA=="
    assert_token_error(anonymous.token_request(long_name), "invalid_request")
    long_password = f"grant_type=password&username=x&password={'eA' * 5_000}"
    assert_token_error(anonymous.token_request(long_password), "invalid_request")
    endless = f"grant_type=password&username={'a' * MILLION}&password=eA=="
    assert anonymous.token_request(endless).status_code == 413
    server.assert_alive()


def test_other_methods_than_POST_are_405(anonymous):
    for method in ("GET", "PUT", "DELETE"):
        response = anonymous.request(method, f"{API}/oauth/tokens")
        assert_problem(response, 405)
        assert response.headers["Allow"] == "POST"


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
    # Another login of the same user is another family.
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
        # The losers have shown that the token was used twice: the winner's family is gone.
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
    # RFC 7009, section 2.1: the server has to look further.
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
    brief = start_server(database, {"tokens.accessLifetimeSeconds": 1, "tokens.refreshLifetimeSeconds": 3})
    client, user = Client(brief), directory.user()
    started = time.monotonic()
    first = client.sign_in(user)
    assert first["expires_in"] == 1
    assert is_valid(client)
    time.sleep(max(0, started + 1.3 - time.monotonic()))
    assert_problem(client.delete(directory.job(user)), 401)
    assert 'error="invalid_token"' in client.job(uuid.uuid4()).headers["WWW-Authenticate"]
    # The access token's end is not the session's: the refresh token lives on, and starts anew.
    second = client.refresh(first["refresh_token"])
    assert second.status_code == 200
    client.token = second.json()["access_token"]
    assert is_valid(client)
    time.sleep(3.3)
    assert_token_error(client.refresh(second.json()["refresh_token"]), "invalid_grant")
    # Expiry is the token's own: the common server, with other settings, refuses it as well.
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


# MARK: Guessing


def test_repeated_failures_of_a_user_are_slowed_and_then_forgiven(start_server, new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    strict = Client(start_server(database, {"passwords.failuresBeforeDelay": 3, "passwords.maximumDelaySeconds": 2}))
    victim, bystander = directory.user(), directory.user()
    wrong = f"grant_type=password&username={victim.name}&password={base64_of('guess')}"
    right = f"grant_type=password&username={victim.name.upper()}&password={PASSWORD_BASE64}"
    for _ in range(3):
        assert_token_error(strict.token_request(wrong), "invalid_grant")
    # The right password does not help, or guessing would go on at full speed.
    slowed = strict.token_request(right)
    assert slowed.status_code == 429, slowed.text
    assert 1 <= int(slowed.headers["Retry-After"]) <= 2
    assert "error" in slowed.json()
    strict.sign_in(bystander)
    time.sleep(int(slowed.headers["Retry-After"]) + 0.2)
    answer = strict.token_request(right)
    assert answer.status_code == 200, answer.text
    # The count starts anew after a login.
    for _ in range(2):
        assert_token_error(strict.token_request(wrong), "invalid_grant")
    strict.sign_in(victim)


def test_many_guesses_at_the_same_moment_are_no_way_around_the_count(start_server, new_database, directory_of):
    database = new_database()
    victim = directory_of(database).user()
    server = start_server(
        database,
        {
            "passwords.failuresBeforeDelay": 3, "passwords.maximumDelaySeconds": 60, "passwords.hashThreads": 8,
            "passwords.hashQueueLimit": 100,
        },
    )  # fmt: skip
    wrong = f"grant_type=password&username={victim.name}&password={base64_of('guess')}"
    with concurrent.futures.ThreadPoolExecutor(30) as threads:
        statuses = list(threads.map(lambda _: Client(server).token_request(wrong).status_code, range(30)))
    assert sorted(set(statuses)) == [400, 429]
    assert statuses.count(400) == 3, "a password is tried only when the one before it is counted"


def test_many_logins_of_one_user_at_the_same_moment_all_succeed(start_server, new_database, directory_of):
    database = new_database()
    user = directory_of(database).user()
    for remember in (0, 60):
        server = start_server(
            database, {"passwords.failuresBeforeDelay": 3, "passwords.rememberSeconds": remember}
        )
        right = f"grant_type=password&username={user.name}&password={PASSWORD_BASE64}"
        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            statuses = list(threads.map(lambda _: Client(server).token_request(right).status_code, range(16)))
        assert statuses == [200] * 16


def test_the_wait_grows_with_every_failure_up_to_its_limit(start_server, new_database):
    database = new_database()
    strict = Client(start_server(database, {"passwords.failuresBeforeDelay": 1, "passwords.maximumDelaySeconds": 3}))
    body = f"grant_type=password&username={unique('nobody').replace(' ', '-')}&password=eA=="
    waits = []
    for _ in range(3):
        assert_token_error(strict.token_request(body), "invalid_grant")
        answer = strict.token_request(body)
        assert answer.status_code == 429, "unknown users are slowed like known ones"
        waits.append(int(answer.headers["Retry-After"]))
        # No waiting in real time: the past is moved further back.
        database.rows("UPDATE auth.failed_logins SET closed_until = now() - interval '1 second'")
    assert waits == sorted(waits) and waits[0] < waits[-1] <= 3


def test_failures_from_one_address_are_slowed_for_every_user(start_server, new_database, directory_of):
    database = new_database()
    strict = start_server(database, {"passwords.failuresBeforeDelay": 1, "passwords.maximumDelaySeconds": 60})
    client, user = Client(strict), directory_of(database).user()
    statuses = []
    for number in range(30):
        statuses.append(client.token_request(f"grant_type=password&username=nobody-{number}&password=eA==").status_code)
        if statuses[-1] == 429:
            break
    assert statuses[-1] == 429, "an address may try any number of users"
    assert (
        client.token_request(f"grant_type=password&username={user.name}&password={PASSWORD_BASE64}").status_code == 429
    )
    # Whoever comes from elsewhere is not slowed.
    result = subprocess.run(
        [
            "curl",
            "--silent",
            "--show-error",
            "--cacert",
            strict.certificate.certificate,
            "--interface",
            "127.0.0.2",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
            f"{strict.api}/oauth/tokens",
            "--data-binary",
            f"grant_type=password&username={user.name}&password={PASSWORD_BASE64}",
        ],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert result.stdout == "200", result.stderr


def test_the_logs_of_failures_name_the_user_the_address_and_the_reason(anonymous, user, server):
    before = server.metrics()["ccs_jobstore_logins_failed_total"]
    anonymous.token_request(f"grant_type=password&username={user.name}&password=eA==")
    line = server.wait_for_event("loginFailed", lambda line: line["user"] == user.name)
    assert line["peer"] == "127.0.0.1"
    assert line["reason"] == "wrong password"
    assert server.metrics()["ccs_jobstore_logins_failed_total"] == before + 1


# MARK: Hashing


def test_the_default_cost_works_and_hashes_are_renewed_when_it_rises(start_server, new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    user = directory.user()
    default_cost = {"passwords.scryptLogN": 15, "passwords.scryptR": 8, "passwords.scryptP": 3}
    server = start_server(database, default_cost)
    before = database.value("SELECT password_hash FROM directory.users WHERE user_id = %s", user.id)
    Client(server).sign_in(user)
    after = database.value("SELECT password_hash FROM directory.users WHERE user_id = %s", user.id)
    assert after != before
    Client(server).sign_in(user)
    assert database.value("SELECT password_hash FROM directory.users WHERE user_id = %s", user.id) == after
    # And the administrator's command hashes at the same cost.
    added = run_command(server.configuration, "users", "add", r"TESTS\costly", standard_input=PASSWORD + "\n")
    assert added.returncode == 0, added.stderr
    answer = Client(server).token_request(rf"grant_type=password&username=TESTS\costly&password={PASSWORD_BASE64}")
    assert answer.status_code == 200
    stored = database.value("SELECT password_hash FROM directory.users WHERE user_name LIKE '%costly'")
    assert len({text.split("$")[1] for text in (stored, after)}) == 1, (stored, after)


def test_a_flood_of_logins_is_bounded_and_does_not_starve_the_rest(start_server, new_database, directory_of):
    database = new_database()
    directory = directory_of(database)
    user = directory.user()
    settings = {"passwords.scryptLogN": 15, "passwords.hashThreads": 1, "passwords.hashQueueLimit": 2}
    server = start_server(database, settings)
    client = Client(server)
    client.sign_in(user)
    body = f"grant_type=password&username={user.name}&password={base64_of('wrong')}"
    with ThreadPoolExecutor(24) as pool:
        flood = [pool.submit(Client(server).token_request, body) for _ in range(24)]
        while not all(each.done() for each in flood):
            assert client.job(uuid.uuid4()).status_code == 404
        answers = [each.result() for each in flood]
    assert {answer.status_code for answer in answers} == {400, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) >= 1
    client.sign_in(user)


def test_unknown_users_cost_the_time_of_known_ones(start_server, new_database, directory_of):
    database = new_database()
    settings = {"passwords.scryptLogN": 15, "passwords.scryptP": 2}
    client = Client(start_server(database, settings))
    user = directory_of(database).user()
    client.sign_in(user)

    def fastest(name):
        times = []
        for _ in range(3):
            started = time.monotonic()
            client.token_request(f"grant_type=password&username={name}&password=eA==")
            times.append(time.monotonic() - started)
        return min(times)

    assert fastest("nobody-at-all") > 0.4 * fastest(user.name)
