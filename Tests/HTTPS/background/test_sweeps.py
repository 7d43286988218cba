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


def test_audit_events_are_kept_for_their_days_and_their_removal_is_one(own_database, directory_of, start_server):
    own_database.rows(
        "INSERT INTO audit.events (occurred_at, user_name, operation) "
        "SELECT now() - n * interval '1 day', 'ann', 'Run Job' FROM generate_series(0, 39) n, generate_series(1, 300)"
    )
    own_database.rows(
        "INSERT INTO auth.sessions (user_id, expires_at) VALUES (%s, now() - interval '1 second')",
        directory_of(own_database).user().id,
    )
    forever = start_server(own_database)
    eventually(lambda: count(own_database, "auth.sessions") == 0, what="there was a sweep")
    assert forever.stop() == 0
    assert count(own_database, "audit.events") == 12_000
    server = start_server(own_database, {"audit.keepDays": 10})
    # Today and the ten whole days before.
    eventually(lambda: events(own_database, "Run Job") == 11 * 300, what="the older events are gone")
    first_kept = own_database.value("SELECT ((now() AT TIME ZONE 'UTC')::date - 10)::text")
    removals = own_database.rows(
        "SELECT user_name, user_id, details->>'Before' FROM audit.events WHERE operation = 'Remove Audit Events'"
    )
    assert set(removals) == {("Retention", None, first_kept)}
    removed = own_database.value(
        "SELECT sum((details->>'Events')::integer) FROM audit.events WHERE operation = 'Remove Audit Events'"
    )
    assert (removed, len(removals)) == (29 * 300, 2)
    assert server.events("eraserFailed") == []


def events(database, operation):
    return database.value("SELECT count(*) FROM audit.events WHERE operation = %s", operation)
