"""The password grant, in all forms that real clients send."""

import json
import subprocess
import uuid
from urllib.parse import quote, urlencode

import pytest

from harness.client import API, Client
from harness.directory import PASSWORD, PASSWORD_BASE64, unique
from harness.tokens import assert_tokens, base64_of


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
    server.await_room_in_log()
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
