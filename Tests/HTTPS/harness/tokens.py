"""Requests for tokens, and whether a token is valid."""

import base64
import uuid

MILLION = 1_000_000


def base64_of(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def assert_tokens(response, client, job=None):
    """The response is a pair of tokens, and the access token works."""
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
    """Whether the server accepts the client's access token: an unknown job is then 404."""
    response = client.job(uuid.uuid4())
    assert response.status_code in (404, 401), response.text
    return response.status_code == 404
