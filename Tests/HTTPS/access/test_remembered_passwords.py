"""Remembered passwords: what they save, and what they must not change.

Whether a password was hashed is known from the server's processor time, which other programs on the machine
do not change."""

import signal
import time

import pytest

from harness.client import Client
from harness.directory import PASSWORD_BASE64
from harness.server import run_command

# About 0.15 s of processor time: far more than anything else in a login.
COST = {"passwords.scryptLogN": 15, "passwords.scryptR": 8, "passwords.scryptP": 2}
# Less than such a hash takes on any machine, more than a login takes without one, in seconds.
HASHED = 0.05


class Doorkeeper:
    """Logs in, and reports whether the server hashed a password."""

    def __init__(self, server, user):
        self.server, self.user, self.client = server, user, Client(server)

    def log_in(self, password=None, name=None):
        """The status, and whether a password was hashed."""
        body = f"grant_type=password&username={name or self.user.name}&password={password or self.user.password}"
        before = self.server.processor_seconds()
        status = self.client.token_request(body).status_code
        return status, self.server.processor_seconds() - before > HASHED


WRONG = "d3Jvbmc="
HASHED_IN_FULL, KNOWN = (200, True), (200, False)
REFUSED_IN_FULL = (400, True)


@pytest.fixture
def place(start_server, new_database, directory_of):
    """A server with expensive password hashes, and a user with such a hash."""
    database = new_database()
    directory = directory_of(database)
    user = directory.user()

    def start(**settings):
        named = {key.replace("_", "."): value for key, value in settings.items()}
        return Doorkeeper(start_server(database, COST | named), user)

    first = start()
    # The hash is renewed at the server's cost, and no server remembers the old one.
    assert first.log_in()[0] == 200
    first.server.stop()
    start.database, start.directory, start.user = database, directory, user
    return start


def reload(door, **settings):
    server = door.server
    server.write_configuration(**{key.replace("_", "."): value for key, value in settings.items()})
    lines = len(server.events("reloaded"))
    server.signal(signal.SIGHUP)
    server.wait_for_event("reloaded", lambda line: len(server.events("reloaded")) > lines)


def come_anew(door):
    """Uses a new connection: one opened before a reload gets one more response with the old settings."""
    door.client = Client(door.server)
    return door


def test_a_password_is_hashed_at_the_first_login_and_known_at_the_next(place):
    door = place()
    assert door.log_in() == HASHED_IN_FULL
    assert [door.log_in() for _ in range(5)] == [KNOWN] * 5
    assert door.log_in(name=door.user.name.upper()) == KNOWN
    for line in door.server.log_lines():
        assert PASSWORD_BASE64 not in str(line)


def test_a_wrong_password_is_hashed_whatever_is_remembered_and_counts_as_a_failure(place):
    door = place(passwords_failuresBeforeDelay=4)
    assert [door.log_in(), door.log_in()] == [HASHED_IN_FULL, KNOWN]
    assert [door.log_in(WRONG) for _ in range(3)] == [REFUSED_IN_FULL] * 3
    assert door.log_in() == KNOWN, "a wrong password does not push the right one out"
    assert [door.log_in(WRONG) for _ in range(4)] == [REFUSED_IN_FULL] * 4
    assert door.log_in() == (429, False), "and no remembered password leads past the wait"


def test_unknown_and_disabled_users_are_hashed_for_each_time(place):
    door = place()
    assert door.log_in() == HASHED_IN_FULL
    assert [door.log_in(name="nobody") for _ in range(2)] == [REFUSED_IN_FULL] * 2
    place.directory.disable(door.user)
    assert [door.log_in() for _ in range(2)] == [REFUSED_IN_FULL] * 2


def test_a_changed_password_counts_at_once_on_every_server(place):
    doors = [place(), place()]
    for door in doors:
        assert [door.log_in(), door.log_in()] == [HASHED_IN_FULL, KNOWN]
    changed = run_command(
        doors[0].server.configuration, "users", "set-password", place.user.name, standard_input="another\n"
    )
    assert changed.returncode == 0, changed.stderr
    for door in doors:
        assert door.log_in() == REFUSED_IN_FULL
        assert door.log_in("YW5vdGhlcg==") == HASHED_IN_FULL
        assert door.log_in("YW5vdGhlcg==") == KNOWN
        assert door.log_in() == REFUSED_IN_FULL


def test_the_same_password_set_anew_is_hashed_anew(place):
    door = place()
    assert [door.log_in(), door.log_in()] == [HASHED_IN_FULL, KNOWN]
    run_command(door.server.configuration, "users", "set-password", place.user.name, standard_input="s3cret>~>?~?>~ü\n")
    assert [door.log_in(), door.log_in()] == [HASHED_IN_FULL, KNOWN]


def test_a_disabled_user_is_out_at_once_on_every_server_and_in_again_afterwards(place):
    doors = [place(), place()]
    for door in doors:
        assert [door.log_in(), door.log_in()] == [HASHED_IN_FULL, KNOWN]
    place.directory.disable(place.user)
    assert [door.log_in()[0] for door in doors] == [400, 400]
    place.database.rows("UPDATE directory.users SET disabled = false WHERE user_id = %s", place.user.id)
    assert [door.log_in()[0] for door in doors] == [200, 200]


def test_a_deleted_user_is_out_at_once_and_one_of_the_same_name_is_another(place):
    door = place()
    assert [door.log_in(), door.log_in()] == [HASHED_IN_FULL, KNOWN]
    stored = place.database.value("SELECT password_hash FROM directory.users WHERE user_id = %s", place.user.id)
    place.database.rows("DELETE FROM directory.users WHERE user_id = %s", place.user.id)
    assert door.log_in() == REFUSED_IN_FULL
    place.database.rows(
        "INSERT INTO directory.users (user_name, password_hash) VALUES (%s, %s)", place.user.name, stored
    )
    assert door.log_in() == HASHED_IN_FULL


def test_zero_seconds_turn_it_off(place):
    door = place(passwords_rememberSeconds=0)
    assert [door.log_in() for _ in range(3)] == [HASHED_IN_FULL] * 3


def test_a_password_is_forgotten_when_its_time_is_over_however_often_it_was_used(place):
    door = place(passwords_rememberSeconds=2)
    began = time.monotonic()
    assert door.log_in() == HASHED_IN_FULL
    assert door.log_in() == KNOWN
    while (outcome := door.log_in()) == KNOWN:
        assert time.monotonic() - began < 30, "its use makes it last"
    assert outcome == HASHED_IN_FULL
    assert time.monotonic() - began > 2
    assert door.log_in() == KNOWN


def test_a_reload_forgets_if_it_changes_the_setting_and_only_then(place):
    door = place()
    assert [door.log_in(), door.log_in()] == [HASHED_IN_FULL, KNOWN]
    reload(door, log_level="debug")
    assert door.log_in() == KNOWN
    reload(door, passwords_rememberSeconds=600)
    assert [door.log_in(), door.log_in()] == [HASHED_IN_FULL, KNOWN]
    reload(door, passwords_rememberSeconds=0)
    assert [door.log_in(), door.log_in()] == [HASHED_IN_FULL] * 2
    reload(door, passwords_rememberSeconds=600)
    assert [come_anew(door).log_in(), door.log_in()] == [HASHED_IN_FULL, KNOWN]


def test_a_remembered_password_is_hashed_anew_when_the_cost_was_raised(place):
    door = place()
    assert [door.log_in(), door.log_in()] == [HASHED_IN_FULL, KNOWN]
    stored = "SELECT password_hash FROM directory.users WHERE user_id = %s"
    before = place.database.value(stored, place.user.id)
    reload(door, passwords_scryptP=3)
    assert come_anew(door).log_in() == HASHED_IN_FULL
    after = place.database.value(stored, place.user.id)
    assert after != before and "p=3" in after
    assert door.log_in() == KNOWN, "the new hash is the one that was verified"
    assert place.database.value(stored, place.user.id) == after
