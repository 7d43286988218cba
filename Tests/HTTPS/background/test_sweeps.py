"""What expires by itself goes while the server runs."""

import pytest

from harness.client import Client
from harness.tokens import assert_tokens, is_valid
from harness.waiting import eventually


@pytest.fixture
def own_database(new_database):
    return new_database()


def count(database, table):
    return database.value(f"SELECT count(*) FROM {table}")


def test_a_session_that_is_refreshed_for_ever_keeps_only_its_valid_tokens(own_database, directory_of, start_server):
    server = start_server(own_database)
    client = Client(server)
    tokens = client.sign_in(directory_of(own_database).user())
    for _ in range(50):
        tokens = client.refresh(tokens["refresh_token"]).json()
    assert count(own_database, "auth.access_tokens") == count(own_database, "auth.refresh_tokens") == 51
    # All but the last pair.
    own_database.rows("UPDATE auth.refresh_tokens SET expires_at = now() - interval '1 second' WHERE used_at IS NOT NULL")
    own_database.rows(
        "UPDATE auth.access_tokens SET expires_at = now() - interval '1 second' "
        "WHERE token_hash <> sha256(convert_to(%s, 'UTF8'))",
        tokens["access_token"],
    )
    for table in ("auth.access_tokens", "auth.refresh_tokens"):
        eventually(lambda table=table: count(own_database, table) == 1, 15, what=f"one row is left in {table}")
    client.token = tokens["access_token"]
    assert is_valid(client)
    assert_tokens(client.refresh(tokens["refresh_token"]), client)
