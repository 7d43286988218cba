"""Password guessing, and the cost of hashing."""

import concurrent.futures
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from harness.client import Client, assert_token_error
from harness.directory import PASSWORD, PASSWORD_BASE64, unique
from harness.server import run_command
from harness.tokens import base64_of

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
    # The right password is delayed as well; otherwise guessing would not be slowed.
    slowed = strict.token_request(right)
    assert slowed.status_code == 429, slowed.text
    assert 1 <= int(slowed.headers["Retry-After"]) <= 2
    assert "error" in slowed.json()
    strict.sign_in(bystander)
    time.sleep(int(slowed.headers["Retry-After"]) + 0.2)
    answer = strict.token_request(right)
    assert answer.status_code == 200, answer.text
    # A login resets the count.
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
        server = start_server(database, {"passwords.failuresBeforeDelay": 3, "passwords.rememberSeconds": remember})
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
        # Instead of waiting, the stored time is moved; the failures stay.
        database.rows("UPDATE auth.failed_logins SET counted_at = counted_at - interval '1 minute'")
    assert waits == sorted(waits) and waits[0] < waits[-1] <= 3


def status_from(server, address, user):
    """The status of a login with the right password from another local address."""
    return subprocess.run(
        [
            "curl", "--silent", "--show-error", "--cacert", server.certificate.certificate, "--interface", address,
            "--output", "/dev/null", "--write-out", "%{http_code}", f"{server.api}/oauth/tokens",
            "--data-binary", f"grant_type=password&username={user.name}&password={PASSWORD_BASE64}",
        ],
        capture_output=True, text=True, timeout=30,
    ).stdout  # fmt: skip


def test_nobody_can_lock_out_a_user_from_another_address(start_server, new_database, directory_of):
    database = new_database()
    server = start_server(database, {"passwords.failuresBeforeDelay": 5, "passwords.maximumDelaySeconds": 300})
    client, victim = Client(server), directory_of(database).user()
    wrong = f"grant_type=password&username={victim.name}&password={base64_of('guess')}"
    statuses = [client.token_request(wrong).status_code for _ in range(20)]
    assert statuses[:5] == [400] * 5
    assert statuses[-1] == 429
    assert [status_from(server, "127.0.0.2", victim) for _ in range(20)] == ["200"] * 20


def test_a_network_with_many_failures_is_slowed_but_for_those_who_have_signed_in_there(
    start_server, new_database, directory_of
):
    database = new_database()
    server = start_server(database, {"passwords.failuresBeforeDelay": 5, "passwords.maximumDelaySeconds": 60})
    directory = directory_of(database)
    client, regular, other = Client(server), directory.user(), directory.user()
    client.sign_in(regular)
    statuses = []
    for number in range(50):
        statuses.append(client.token_request(f"grant_type=password&username=nobody-{number}&password=eA==").status_code)
    assert statuses == [400] * 50
    Client(server).sign_in(other)
    newcomer = directory.user()
    # As many failures again, and more.
    database.rows("UPDATE auth.failed_logins SET forgotten_at = now() + interval '1 hour', counted_at = now()")
    body = f"grant_type=password&username={newcomer.name}&password={PASSWORD_BASE64}"
    slowed = client.token_request(body)
    assert slowed.status_code == 429
    assert int(slowed.headers["Retry-After"]) <= 10, "slow, not closed"
    client.sign_in(regular)
    assert status_from(server, "127.0.0.2", newcomer) == "200"


def test_the_logs_of_failures_name_the_user_the_address_and_the_reason(anonymous, user, server):
    server.await_room_in_log()
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
    # The administration command hashes at the same cost.
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
    server = start_server(database, settings)
    client = Client(server)
    user = directory_of(database).user()
    client.sign_in(user)

    def cost(name):
        """The server's processor time, which other programs on the machine do not change."""
        before = server.processor_seconds()
        for _ in range(3):
            client.token_request(f"grant_type=password&username={name}&password=eA==")
        return server.processor_seconds() - before

    assert cost("nobody-at-all") > 0.4 * cost(user.name)
