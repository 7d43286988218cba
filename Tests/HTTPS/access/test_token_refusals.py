"""Requests for tokens that are refused."""

from urllib.parse import quote, urlencode

import pytest

from harness.client import API, assert_problem, assert_token_error
from harness.directory import PASSWORD, PASSWORD_BASE64, unique
from harness.tokens import MILLION, base64_of


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
        '"; SELECT pg_sleep(60); --',
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
    # A statement that sleeps would be cancelled, as 503.
    assert_token_error(anonymous.token_request(body), "invalid_grant")
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
