"""A million evaluation results in one request, against psql's \\copy of the same rows into the same tables."""

import json
import os
import subprocess
import time
import uuid

import machine
from database import TOKEN, Failed
from servers import JobStore

ROWS = 1_000_000
ASSETS = 1000
STANDARDS = 10
JOB = uuid.UUID("b01d0000-0000-4000-8000-000000000001")
HISTORY = uuid.UUID("b01d0000-0000-4000-8000-000000000002")
RUN = uuid.UUID("b01d0000-0000-4000-8000-000000000003")
LEASE = uuid.UUID("b01d0000-0000-4000-8000-000000000004")
OUTCOMES = ("Pass", "Pass", "Pass", "Fail", "NotApplicable", "Unknown", "Error")
COLUMNS = (
    "history_id, run_id, row_number, asset_id, standard_id, standard_version, check_id, outcome, evidence, evaluated_at"
)


def results():
    """The rows, by asset as collectors report them: asset, standard, version, check, outcome, evidence, time."""
    checks = ROWS // ASSETS // STANDARDS
    for number in range(ROWS):
        asset, rest = divmod(number, STANDARDS * checks)
        standard, check = divmod(rest, checks)
        yield (
            f"a55e7000-0000-4000-8000-{asset * 2654435761 % 2**48:012x}", f"57a2da2d-0000-4000-8000-{standard:012x}",
            "3.1.0", f"{standard + 1}.{check // 10 + 1}.{check % 10 + 1}", OUTCOMES[number * 31 % len(OUTCOMES)],
            f"PermitRootLogin is no in /etc/ssh/sshd_config, line {number % 500}",
            f"2026-01-05T04:{number // 60000 % 60:02}:{number // 1000 % 60:02}.{number % 1000:03}Z",
        )


def make_files(folder):
    """The same rows as lines of JSON and as CSV."""
    lines, table = os.path.join(folder, "results.ndjson"), os.path.join(folder, "results.csv")
    names = ("AssetID", "StandardID", "StandardVersion", "CheckID", "Outcome", "Evidence", "Time")
    with open(lines, "w") as ndjson, open(table, "w") as csv:
        for number, row in enumerate(results()):
            ndjson.write(json.dumps(dict(zip(names, row)), separators=(",", ":")) + "\n")
            asset, standard, version, check, outcome, evidence, at = row
            csv.write(f'{HISTORY},{RUN},{number},{asset},{standard},{version},{check},{outcome},"{evidence}",{at}\n')
    return lines, table


def claimed_run(database):
    """A store with nothing but a claimed run."""
    database.rows(
        "TRUNCATE directory.jobs, store.job_runs, store.job_run_messages, store.collected_data,"
        " store.evaluation_results, store.purges, audit.events"
    )
    database.rows(
        "INSERT INTO directory.jobs (job_id, history_id, job_name, job_type, created_by, run_count)"
        " VALUES (%s, %s, 'The job', 'CollectionEvaluationJob', %s, 1)", (JOB, HISTORY, database.user),
    )
    database.rows(
        "INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, started_at, lease_id, lease_expires_at)"
        " VALUES (%s, %s, 'Running', 'BENCH', now(), %s, now() + interval '1 hour')", (HISTORY, RUN, LEASE),
    )
    database.settle()


def digest(database):
    """A checksum of all rows, independent of their order; a missing, changed or repeated row changes it."""
    return database.rows(
        "SELECT count(*), count(DISTINCT row_number), min(row_number), max(row_number),"
        f" sum(hashtextextended(ROW({COLUMNS})::text, 0)::numeric) FROM store.evaluation_results"
    )[0]


def peak_megabytes(process):
    """The peak resident memory since the start (proc(5), VmHWM)."""
    with open(f"/proc/{process}/status") as lines:
        for line in lines:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    raise Failed("the kernel does not say VmHWM")


def by_request(settings, database, lines):
    claimed_run(database)
    machine.wait_until_quiet(settings.patience)
    with JobStore(settings.state, settings.binary, settings.sockets) as server:
        url = f"https://127.0.0.1:{server.port}/ccs/api/v1/jobruns/{RUN}/results?lease={LEASE}&batch=1"
        command = [
            "curl", "--silent", "--show-error", "--fail-with-body", "--insecure", "--http1.1", "--request", "POST",
            "--header", f"Authorization: Bearer {TOKEN}", "--header", "Content-Type: application/x-ndjson",
            "--upload-file", lines, url,
        ]
        began = time.monotonic()
        result = subprocess.run(command, capture_output=True, text=True)
        seconds = time.monotonic() - began
        if result.returncode != 0 or json.loads(result.stdout)["RowsStored"] != ROWS:
            raise Failed(f"the results were not stored: {result.stdout}{result.stderr}")
        peak = peak_megabytes(server.process.pid)
    if database.value("SELECT results_batch FROM store.job_runs") != 1:
        raise Failed("the batch is not complete")
    return {"seconds": seconds, "rowsPerSecond": ROWS / seconds, "peakMegabytes": peak}


def by_psql(settings, database, table):
    claimed_run(database)
    machine.wait_until_quiet(settings.patience)
    command = [
        os.path.join(settings.programs, "psql"), "--quiet", "--no-psqlrc", "--host", settings.sockets, "--username",
        "ccs_jobstore", "--dbname", "ccs_jobstore", "--set", "ON_ERROR_STOP=1", "--command",
        f"\\copy store.evaluation_results ({COLUMNS}) FROM '{table}' (FORMAT csv)",
    ]
    began = time.monotonic()
    result = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - began
    if result.returncode != 0:
        raise Failed(f"psql failed: {result.stderr}")
    return {"seconds": seconds, "rowsPerSecond": ROWS / seconds}


def measure(settings, database, say):
    folder = os.path.join(settings.state, "bulk")
    os.makedirs(folder, exist_ok=True)
    say(f"{ROWS:,} results are written, as JSON and as CSV")
    lines, table = make_files(folder)
    rounds = []
    try:
        for number in range(settings.runs):
            psql = by_psql(settings, database, table)
            wanted = digest(database)
            service = by_request(settings, database, lines)
            found = digest(database)
            if wanted != found or wanted[:4] != (ROWS, ROWS, 0, ROWS - 1):
                raise Failed(f"the rows are not the same: {wanted} by psql, {found} by the service")
            rounds.append({"service": service, "psql": psql})
            say(
                f"bulk, round {number + 1}: {service['rowsPerSecond']:,.0f} rows a second by one request,"
                f" {psql['rowsPerSecond']:,.0f} by psql, ratio {psql['seconds'] / service['seconds']:.2f};"
                f" the server had at most {service['peakMegabytes']:.1f} MB"
            )
        return {"rows": ROWS, "bytes": os.path.getsize(lines), "rounds": rounds}
    finally:
        for file in (lines, table):
            os.remove(file)
