"""Reports of collectors: what is stored, and that repeated batches are stored once."""

import json
import random
import time
import uuid

import pytest

from harness.client import assert_problem
from harness.raw_http import RawConnection, head
from harness.reports import (
    ASSET,
    CHUNK,
    KINDS,
    MESSAGE,
    RESULT,
    SAMPLES,
    STANDARD,
    TABLES,
    cut_upload,
    ndjson,
    results,
    stored,
)
from harness.waiting import eventually

# MARK: What is stored


def test_a_result_is_stored_as_it_was_reported(collector, run):
    row = RESULT | {
        "StandardVersion": "1.2",
        "Outcome": "NotApplicable",
        "Evidence": 'quoted "ä" \\ 😀 \t',
        "Time": "2026-01-05T04:10:27.5120788-08:00",
    }
    answer = stored(run.report(collector, "results", ndjson([row, RESULT])), 2)
    assert answer["JobRunID"] == str(run.id)
    assert answer["Batch"] == 1
    found = run.database.rows(
        "SELECT row_number, asset_id::text, standard_id::text, standard_version, check_id, outcome, evidence,"
        " evaluated_at = '2026-01-05T12:10:27.512078Z', evaluated_at > now() - interval '1 minute'"
        " FROM store.evaluation_results WHERE run_id = %s ORDER BY row_number",
        run.id,
    )
    assert found == [
        (0, ASSET, STANDARD, "1.2", "5.1.20", "NotApplicable", row["Evidence"], True, False),
        (1, ASSET, STANDARD, None, "5.1.20", "Pass", "", False, True),
    ]


def test_collected_data_is_stored_as_it_was_reported(collector, run):
    values = [{"a": [1, 2.5, -1e3, None, True, "ü\n"]}, [], "text", 12345.675, False, {"": {"x": []}}]
    stored(run.report(collector, "collecteddata", ndjson({"AssetID": ASSET, "Data": value} for value in values)), 6)
    found = run.database.rows("SELECT data FROM store.collected_data WHERE run_id = %s ORDER BY row_number", run.id)
    assert [value for (value,) in found] == values


def test_messages_are_stored_and_counted(collector, run, client):
    lines = [MESSAGE, {"Severity": "Error", "AssetID": ASSET, "Message": "ä" * 10_000, "Time": "2026-01-05T04:10:27Z"}]
    stored(run.report(collector, "messages", ndjson(lines)), 2)
    assert run.message_count() == 2
    answered = client.runs(run.job, showmessages="true").json()["JobRuns"][0]
    assert answered["MessageCount"] == 2
    assert [message["Message"] for message in answered["Messages"]] == [line["Message"] for line in lines]
    assert [message["AssetID"] for message in answered["Messages"]] == [None, ASSET]


def test_a_message_that_ends_the_run_follows_those_that_were_reported(collector, run):
    stored(run.report(collector, "messages", ndjson([MESSAGE] * 3)), 3)
    run.database.rows("SELECT store.end_run(%s, %s, 'Failed', 'Error', 'the end', NULL, 'x', NULL)", run.id, run.lease)
    found = run.database.rows("SELECT row_number FROM store.job_run_messages WHERE run_id = %s ORDER BY 1", run.id)
    assert [number for (number,) in found] == [0, 1, 2, 3]


def test_names_are_matched_in_any_case_and_null_is_no_value(collector, run):
    line = {name.upper(): value for name, value in RESULT.items()} | {"evidence": None, "TIME": None}
    stored(run.report(collector, "results", ndjson([line])), 1)


def test_blank_lines_are_no_rows_and_the_last_line_needs_no_end(collector, run):
    body = b"\n  \r\n" + ndjson([RESULT]).replace(b"\n", b"\r\n") + b"\n\t\n" + json.dumps(RESULT).encode()
    stored(run.report(collector, "results", body), 2)


@pytest.mark.parametrize("kind", KINDS)
def test_batches_are_numbered_for_each_kind_and_rows_over_all_of_them(collector, run, kind):
    for batch, count in enumerate((3, 0, 2, 1), start=1):
        stored(run.report(collector, kind, ndjson([SAMPLES[kind]] * count), batch), count)
        assert run.last_batch(kind) == batch
    found = run.database.rows(f"SELECT row_number FROM store.{TABLES[kind]} WHERE run_id = %s ORDER BY 1", run.id)
    assert [number for (number,) in found] == [0, 1, 2, 3, 4, 5]
    assert [run.last_batch(other) for other in KINDS if other != kind] == [0, 0]


def test_a_body_in_chunks_without_a_length_is_stored(collector, run):
    body = results(30_000)
    pieces = (body[start : start + 10_007] for start in range(0, len(body), 10_007))
    stored(run.report(collector, "results", pieces), 30_000)
    assert run.checks() == list(range(30_000))


def test_a_collector_that_waits_for_100_Continue_gets_it(server, collector, run):
    body = results(2000)
    with RawConnection(server) as connection:
        connection.send(
            head(
                "POST",
                run.path("results"),
                f"Authorization: Bearer {collector.token}",
                f"Content-Length: {len(body)}",
                "Expect: 100-continue",
            )
        )
        connection.socket.setblocking(True)
        assert connection.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.send(body)
        assert connection.answer().status == 200
    assert run.count() == 2000


# MARK: Sending again


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_that_is_stored_is_acknowledged_and_not_stored_again(collector, run, kind):
    body = ndjson([SAMPLES[kind]] * 5)
    stored(run.report(collector, kind, body), 5)
    stored(run.report(collector, kind, body), 0, skipped=5)
    stored(run.report(collector, kind, body, batch=2), 5)
    stored(run.report(collector, kind, body), 0, skipped=5)
    assert run.count(kind) == 10


def test_a_batch_out_of_order_is_refused_and_the_one_expected_is_named(collector, run):
    detail = "The batch 2 is out of order: the batch 1 is expected."
    assert_problem(run.report(collector, "results", ndjson([RESULT]), batch=2), 409, detail)
    stored(run.report(collector, "results", ndjson([RESULT])), 1)
    assert_problem(run.report(collector, "results", ndjson([RESULT]), batch=7), 409)
    assert run.count() == 1


def test_a_batch_that_was_broken_off_anywhere_is_sent_again_without_duplicates(server, collector, run):
    body = results(60_000)
    generator = random.Random(20261124)
    for _ in range(8):
        cut_upload(server, collector, run, body, generator.randrange(len(body)))
        # Sometimes the next request arrives while the server still handles the last one.
        if generator.random() < 0.5:
            time.sleep(0.3)
    before = run.count()
    answer = run.report(collector, "results", body).json()
    assert answer["RowsStored"] + answer["RowsSkipped"] == 60_000
    assert answer["RowsSkipped"] >= before
    assert before % CHUNK == 0
    assert run.checks() == list(range(60_000))
    stored(run.report(collector, "results", results(1, 60_000), batch=2), 1)
    assert run.checks() == list(range(60_001))


def test_chunks_that_arrived_before_the_connection_broke_are_stored(server, collector, run):
    body = results(35_000)
    connection = cut_upload(server, collector, run, body, len(body) - 10, reset=False)
    eventually(lambda: run.count() == 3 * CHUNK, seconds=20, what="three chunks are stored")
    connection.reset()
    server.wait_for_event("request", lambda line: line["outcome"] == "disconnected" and line["bytesIn"] > 30_000)
    assert run.last_batch() == 0
    stored(run.report(collector, "results", body), 5_000, skipped=3 * CHUNK)
    assert run.checks() == list(range(35_000))


def test_a_collector_that_takes_the_run_over_does_not_find_half_a_batch_of_the_former_one(server, collector, run):
    body = results(25_000)
    connection = cut_upload(server, collector, run, body, len(body) - 10, reset=False)
    eventually(lambda: run.count() == 2 * CHUNK, seconds=20, what="two chunks are stored")
    connection.reset()
    run.lease = uuid.uuid4()
    run.set(lease_id=run.lease)
    stored(run.report(collector, "results", results(5, first=100)), 5)
    assert run.checks() == [100, 101, 102, 103, 104]


def test_half_a_batch_of_messages_of_a_former_collector_is_undone_under_what_was_said_since(server, collector, run):
    body = ndjson([MESSAGE] * 25_000)
    connection = RawConnection(server)
    connection.send(
        head("POST", run.path("messages"), f"Authorization: Bearer {collector.token}", f"Content-Length: {len(body)}")
        + body[:-10]
    )
    eventually(lambda: run.count("messages") == 2 * CHUNK, seconds=20, what="two chunks are stored")
    connection.reset()
    run.lease = uuid.uuid4()
    run.set(lease_id=run.lease, message_count=2 * CHUNK + 1)
    run.database.rows(
        "INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)"
        " VALUES (%s, %s, %s, 'Warning', 'The collector was lost.')",
        run.history,
        run.id,
        2 * CHUNK,
    )
    stored(run.report(collector, "messages", ndjson([MESSAGE] * 2)), 2)
    found = run.database.rows(
        "SELECT row_number, severity FROM store.job_run_messages WHERE run_id = %s ORDER BY 1", run.id
    )
    assert found == [(0, "Warning"), (1, "Information"), (2, "Information")]
    assert run.message_count() == 3
