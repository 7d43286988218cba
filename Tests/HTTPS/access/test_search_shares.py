"""What one user may have of the searches under way."""

import pytest

from harness.client import API, Client
from harness.threads import in_background
from harness.waiting import eventually

BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.mark.parametrize("path", ["Assets", "Standards", "Jobs"])
def test_the_searches_of_one_user_leave_connections_to_others(start_server, new_database, directory_of, path):
    database = new_database()
    directory = directory_of(database)
    server = start_server(database, {"database.connections": 4, "database.lockTimeoutSeconds": 20})
    greedy, other = Client(server), Client(server)
    greedy.sign_in(directory.user())
    owner = directory.user()
    other.sign_in(owner)
    job = directory.job(owner)
    table = path.lower()
    blocker = database.connect()
    with blocker.cursor() as cursor:
        cursor.execute(f"LOCK TABLE directory.{table} IN ACCESS EXCLUSIVE MODE")
        searches = [in_background(lambda: greedy.get(f"{API}/{path}", params={"pagesize": 1})) for _ in range(8)]
        eventually(lambda: database.value(BLOCKED) >= 2, what="searches wait for the table")
        # Two of four connections are left, whatever the user asks for.
        if path != "Jobs":
            assert other.job(job).status_code == 200
        other.sign_in(owner)
        assert database.value(BLOCKED) == 2
        blocker.rollback()
    assert [search().status_code for search in searches] == [200] * 8
    blocker.close()
