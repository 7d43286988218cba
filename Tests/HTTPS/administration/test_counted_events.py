"""Logins, failed logins and refused deletions are audit events that are counted, so that nobody can fill the trail."""

import uuid

import pytest

from harness.directory import ALL_TASKS, DELETE_TASKS, PASSWORD
from harness.tokens import base64_of


@pytest.fixture
def counted(directory):
    """The events of a user's name: operation, user, details; by operation."""

    def counted(name, database=directory.database):
        return database.rows(
            "SELECT operation, user_id, details FROM audit.events WHERE user_name = %s ORDER BY operation, event_id", name
        )

    return counted


def total(events):
    """The sum of the counts: ten minutes may end during a test."""
    return sum(details["Count"] for _, _, details in events)


def log_in(client, name, password=PASSWORD):
    return client.token_request(f"grant_type=password&username={name}&password={base64_of(password)}").status_code


def test_logins_of_a_user_are_one_event(anonymous, user, counted):
    for _ in range(5):
        assert log_in(anonymous, user.name.upper()) == 200
    events = counted(user.name)
    assert {operation for operation, _, _ in events} == {"Login"}
    assert {identifier for _, identifier, _ in events} == {user.id}
    assert len(events) <= 2 and total(events) == 5
    assert events[0][2]["Address"] == "127.0.0.1"


def test_failed_logins_of_a_user_from_an_address_are_one_event(anonymous, user, counted):
    for _ in range(5):
        assert log_in(anonymous, user.name, "wrong") == 400
    events = counted(user.name)
    assert {operation for operation, _, _ in events} == {"Failed Login"}
    assert len(events) <= 2 and total(events) == 5


def test_names_that_nobody_has_are_counted_together(anonymous, directory):
    def rows():
        return directory.database.value("SELECT count(*) FROM audit.events WHERE operation = 'Failed Login'")

    def count():
        return directory.database.value(
            "SELECT coalesce(sum((details ->> 'Count')::bigint), 0)::bigint FROM audit.events WHERE operation = 'Failed Login'"
        )

    before, counted_before = rows(), count()
    for _ in range(20):
        assert log_in(anonymous, f"DOMAIN1\\{uuid.uuid4()}", "wrong") == 400
    assert rows() - before <= 2
    assert count() - counted_before == 20


def test_a_name_of_any_length_is_kept_short(anonymous, directory):
    assert log_in(anonymous, "ΐ" * 4000, "wrong") == 400
    assert directory.database.value("SELECT max(length(user_name)) FROM audit.events") <= 256


def test_refused_deletions_of_a_user_are_one_event_for_each_reason(sign_in, directory, counted):
    user = directory.user(tasks=(*ALL_TASKS,))
    client = sign_in(user)
    others = [directory.job(directory.user()) for _ in range(3)]
    first = client.delete(others[0])
    assert first.status_code == 403
    assert [client.delete(job).status_code for job in others] == [403] * 3
    assert client.delete(directory.job()).status_code == 403
    refused = [event for event in counted(user.name) if event[0] == "Refused Deletion"]
    assert {identifier for _, identifier, _ in refused} == {user.id}
    assert total(e for e in refused if e[2]["Reason"] == "not creator") == 4
    assert total(e for e in refused if e[2]["Reason"] == "system job") == 1
    assert len(refused) <= 4
    job, name, request = directory.database.rows(
        "SELECT job_id, job_name, request_id FROM audit.events WHERE user_name = %s AND details ->> 'Reason' = 'not creator' "
        "ORDER BY event_id LIMIT 1",
        user.name,
    )[0]
    assert (job, name, str(request)) == (others[0].id, others[0].name, first.headers["X-Request-ID"])


def test_a_deletion_without_the_task_is_on_record_and_one_that_finds_nothing_is_not(sign_in, directory, counted):
    user = directory.user(tasks=DELETE_TASKS[:-1])
    assert sign_in(user).delete(directory.job(user)).status_code == 403
    (event,) = [event for event in counted(user.name) if event[0] == "Refused Deletion"]
    assert event[2] == {"Reason": "not permitted", "Count": 1}

    other = directory.user()
    client = sign_in(other)
    assert client.delete(uuid.uuid4()).status_code == 404
    assert client.delete(directory.job(other)).status_code == 204
    assert [event[0] for event in counted(other.name)] == ["Delete Job", "Login"]


def test_however_many_networks_fail_the_trail_grows_by_a_bounded_number(new_database):
    database = new_database()
    calls = "SELECT audit.count_event('Failed Login', 'x', 'network ' || n, NULL, NULL, NULL, '{}', 500) FROM generate_series(1, 2000) n"
    database.rows(calls)
    rows, total = database.row("SELECT count(*), sum((details ->> 'Count')::bigint) FROM audit.events")
    # Ten minutes may have ended meanwhile.
    assert total == 2000 and rows <= 2 * 501
    assert database.value("SELECT count(*) FROM audit.events WHERE user_name = '(others)'") >= 1
