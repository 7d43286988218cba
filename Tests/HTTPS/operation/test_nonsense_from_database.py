"""A database whose functions answer nonsense: every request gets an error, none a lie, and the server lives on."""

import uuid

import pytest

from harness.client import API, Client, assert_problem
from harness.collecting import TASK, post, report
from harness.definitions import Inventory
from harness.directory import ALL_TASKS
from harness.reports import MESSAGE, ndjson
from harness.server import Server

REPLACE = """
DO $do$
DECLARE
    replaced pg_proc;
    parameters text;
    columns text;
    answer text;
BEGIN
    SELECT * INTO STRICT replaced FROM pg_proc WHERE oid = %(function)s::regproc;
    SELECT
        string_agg(format('%%I %%s', name, type::regtype), ', ' ORDER BY place) FILTER (WHERE mode = 'i'),
        string_agg(format('%%I %%s', name, type::regtype), ', ' ORDER BY place) FILTER (WHERE mode IN ('o', 't')),
        string_agg(
            CASE WHEN name = 'outcome' THEN %(outcome)s ELSE 'NULL' END || '::' || type::regtype, ', ' ORDER BY place
        ) FILTER (WHERE mode IN ('o', 't'))
    INTO parameters, columns, answer
    FROM unnest(replaced.proallargtypes, replaced.proargmodes::text[], replaced.proargnames)
        WITH ORDINALITY AS a (type, mode, name, place);
    EXECUTE 'DROP FUNCTION ' || replaced.oid::regprocedure;
    EXECUTE format(
        'CREATE FUNCTION %(name)s(%%s) RETURNS TABLE (%%s) LANGUAGE sql AS %%L', parameters, columns, 'SELECT ' || answer
    );
    GRANT EXECUTE ON FUNCTION %(name)s TO ccs_jobstore;
END
$do$
"""

# In SQL: no answer at all, a word that nobody knows, and words that need what is not there.
OUTCOMES = ["NULL", "'levitated'", "'over'", "'active'", "'unreachable'", "'unfinished'", "'ready'", "'overdue'"]


def replace(database, function, outcome):
    """Puts a function in the place of one of the schema's that answers one row: an outcome in SQL, and NULLs."""
    literal = outcome.replace("'", "''")
    sql = REPLACE.replace("%(function)s", f"'{function}'").replace("%(name)s", function)
    database.rows(sql.replace("%(outcome)s", f"'{literal}'").replace("%%", "%"))


@pytest.fixture(scope="module")
def strange_database(cluster):
    database = cluster.new_database("strange")
    yield database
    cluster.drop_database(database)


@pytest.fixture(scope="module")
def strange_server(strange_database, certificate, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("strange"), strange_database, certificate).start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def strange_directory(strange_database, directory_of):
    return directory_of(strange_database)


@pytest.fixture
def caller(strange_server, strange_directory):
    """A user who may do everything."""
    client = Client(strange_server)
    client.user = strange_directory.user(tasks=(*ALL_TASKS, TASK))
    client.sign_in(client.user)
    return client


def assert_fault(caller, response):
    """The answer is 500 without details, the log names what was found, and the server lives."""
    assert_problem(response, 500)
    assert "levitated" not in response.text
    line = caller.server.request_line(response.headers["X-Request-ID"])
    assert "expected" in str(line), line
    caller.server.assert_alive()


def call_delete(caller, directory):
    return caller.delete(directory.job(caller.user))


def call_create(caller, directory):
    return caller.post(f"{API}/jobs", json=Inventory(directory).body())


def call_update(caller, directory):
    body = {"JobDetails": {"JobDescription": "x"}, "JobID": str(directory.job(caller.user, configuration={}).id)}
    return caller.patch(f"{API}/jobs/", json=body)


def call_execute(caller, directory):
    return caller.post(f"{API}/jobs/{directory.job(caller.user).id}", json={"Operation": "execute"})


def call_abort(caller, directory):
    return caller.post(f"{API}/jobs/{uuid.uuid4()}", json={"Operation": "abort"})


def call_claim(caller, directory):
    return post(caller, f"{API}/jobruns/claim", {})


def call(action, **body):
    return lambda caller, directory: report(caller, uuid.uuid4(), action, **body)


def call_upload(caller, directory):
    path = f"{API}/jobruns/{uuid.uuid4()}/messages?lease={uuid.uuid4()}&batch=1"
    return caller.request("POST", path, data=ndjson([MESSAGE]))


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize(
    ("function", "request_one"),
    [
        ("directory.delete_jobs", call_delete),
        ("directory.create_job", call_create),
        ("directory.update_job", call_update),
        ("store.start_run", call_execute),
        ("store.end_run", call_abort),
        ("store.claim_runs", call_claim),
        ("store.renew_lease", call("heartbeat")),
        ("store.complete_run", call("complete")),
        ("store.end_run", call("fail", Message="x")),
        ("store.lock_batch", call_upload),
    ],
)
def test_a_function_that_answers_nonsense_fails_the_request_and_nothing_else(
    caller, strange_database, strange_directory, function, request_one, outcome
):
    replace(strange_database, function, outcome)
    assert_fault(caller, request_one(caller, strange_directory))


def test_a_job_and_a_run_with_an_unknown_status_fail_whoever_asks_for_them_and_nobody_else(
    caller, strange_database, strange_directory
):
    good, bad = strange_directory.job(caller.user, runs=1), strange_directory.job(caller.user, runs=1)
    for table in ("directory.jobs", "store.job_runs"):
        for (name,) in strange_database.rows(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", table
        ):
            strange_database.rows(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    strange_database.rows("UPDATE store.job_runs SET status = 'levitated' WHERE history_id = %s", bad.history)
    strange_database.rows("UPDATE directory.jobs SET last_run_status = 'levitated' WHERE job_id = %s", bad.id)
    assert_fault(caller, caller.runs(bad))
    assert_fault(caller, caller.job(bad))
    assert_fault(caller, caller.get(f"{API}/Jobs", params={"jobname": bad.name}))
    assert caller.runs(good).status_code == 200
    assert caller.job(good).status_code == 200
