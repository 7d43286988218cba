"""Reports with invalid parameters and rows."""

import json
import uuid

import pytest

from harness.client import API, assert_problem
from harness.reports import ASSET, CHUNK, DATUM, KINDS, MESSAGE, RESULT, SAMPLES, ndjson, results, stored


@pytest.mark.parametrize(
    "query",
    [
        "",
        "lease={lease}",
        "batch=1",
        "lease={lease}&batch=0",
        "lease={lease}&batch=x",
        "lease=x&batch=1",
        "lease={lease}&batch=1&batch=1",
        "lease={lease}&batch=99999999999999999999",
    ],
)
def test_parameters_that_are_wrong_are_named(collector, run, query):
    path = f"{API}/jobruns/{run.id}/results?{query.format(lease=run.lease)}"
    problem = assert_problem(collector.request("POST", path, data=ndjson([RESULT])), 400)
    assert "lease" in problem["detail"] or "batch" in problem["detail"]
    assert run.count() == 0


def test_a_run_whose_identifier_is_no_GUID_is_invalid(collector):
    path = f"{API}/jobruns/x/results?lease={uuid.uuid4()}&batch=1"
    assert_problem(collector.request("POST", path, data=b""), 400, "JobRunID is invalid.")


def test_a_body_that_is_encoded_is_refused_with_what_is_accepted(collector, run):
    response = run.report(collector, "results", b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert_problem(response, 415)
    assert response.headers["Accept-Encoding"] == "identity"


BROKEN = {
    "messages": [
        ({"Severity": "Information"}, "Message"),
        ({"Message": "x"}, "Severity"),
        (MESSAGE | {"Severity": "information"}, "Severity"),
        (MESSAGE | {"Message": "x" * 10_001}, "Message"),
        (MESSAGE | {"Message": 1}, "Message"),
        (MESSAGE | {"AssetID": "x"}, "AssetID"),
        (MESSAGE | {"Time": "yesterday"}, "Time"),
        (MESSAGE | {"Extra": 1}, "Extra"),
    ],
    "collecteddata": [
        ({"AssetID": ASSET}, "Data"),
        ({"Data": {}}, "AssetID"),
        (DATUM | {"Data": None}, "Data"),
        (DATUM | {"Time": 1}, "Time"),
        (DATUM | {"Time": "2026-02-30T00:00:00Z"}, "Time"),
    ],
    "results": [
        (RESULT | {"AssetID": None}, "AssetID"),
        (RESULT | {"StandardID": "57000000"}, "StandardID"),
        (RESULT | {"CheckID": ""}, "CheckID"),
        (RESULT | {"CheckID": "x" * 257}, "CheckID"),
        (RESULT | {"Outcome": "Passed"}, "Outcome"),
        (RESULT | {"StandardVersion": ""}, "StandardVersion"),
        (RESULT | {"Evidence": []}, "Evidence"),
        (RESULT | {"Evidence": "x", "EVIDENCE": "y"}, "Evidence"),
        (RESULT | {"a/b~": 1}, "a~1b~0"),
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_broken_line_is_named_with_its_field_and_nothing_is_stored(collector, run, kind):
    lines = [SAMPLES[kind]]
    wanted = []
    for line, field in BROKEN[kind]:
        lines.append(line)
        wanted.append(f"/{len(lines)}/{field}")
    problem = assert_problem(run.report(collector, kind, ndjson(lines)), 400)
    assert [error["pointer"] for error in problem["errors"]] == wanted
    assert "0 rows" in problem["detail"]
    assert run.count(kind) == 0
    assert run.last_batch(kind) == 0
    stored(run.report(collector, kind, ndjson([SAMPLES[kind]])), 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"nul",
        b"01",
        b"1.",
        b".5",
        b"1e",
        b"+1",
        b"NaN",
        b"1e10000",
        b"'x'",
        b'"\\u0000"',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\\ud800\\u0041"',
        b'"\\x"',
        b'"\\u00g0"',
        b'"\x00"',
        b'"\x1f"',
        b'"\x80"',
        b'"\xc0\x80"',
        b'"\xed\xa0\x80"',
        b'"\xf5\x80\x80\x80"',
        b'"\xe2\x82"',
        b'"open',
        b"[1,]",
        b"[,1]",
        b'{"a":1,}',
        b'{"a" 1}',
        b"{a:1}",
        b"1 2",
        b"[" * 200 + b"]" * 200,
        b"/* x */ 1",
        b"9" * 1001,
    ],
)
def test_data_that_is_no_JSON_or_cannot_be_kept_is_refused(collector, run, data):
    if data in (b"[]",):
        line = b"[]\n"
    else:
        line = b'{"AssetID":"%s","Data":%s}\n' % (ASSET.encode(), data)
    body = ndjson([DATUM]) + line + ndjson([DATUM])
    problem = assert_problem(run.report(collector, "collecteddata", body), 400)
    assert [error["pointer"] for error in problem["errors"]] == ["/2"]
    assert run.count("collecteddata") == 0


@pytest.mark.parametrize(
    "data",
    [
        b"1e9999",
        b"-0",
        b"1e-9999",
        b"9" * 1000,
        b"0." + b"1" * 998,
        b'"\\ud83d\\ude00\\/\\b\\f"',
        b"[" * 99 + b"]" * 99,
        b'"\xef\xbf\xbf\xf4\x8f\xbf\xbf"',
        b'{"a":1,"a":2}',
    ],
)
def test_data_at_the_edge_of_what_can_be_kept_is_stored(collector, run, data):
    body = b'{"AssetID":"%s","Data":%s}\n' % (ASSET.encode(), data)
    stored(run.report(collector, "collecteddata", body), 1)


def test_a_line_that_is_too_long_is_named_and_costs_no_memory(collector, run):
    long_line = json.dumps(RESULT | {"Evidence": "x" * 20_000_000}).encode() + b"\n"
    problem = assert_problem(run.report(collector, "results", ndjson([RESULT]) + long_line), 400)
    assert [error["pointer"] for error in problem["errors"]] == ["/2"]
    assert "1048576 bytes" in problem["errors"][0]["detail"]


def test_chunks_before_a_broken_line_stay_and_the_corrected_batch_is_sent_again(collector, run):
    body = results(25_000)
    broken = body.replace(b'"CheckID":"24000","Outcome":"Fail"', b'"CheckID":"24000","Outcome":"fail"')
    problem = assert_problem(run.report(collector, "results", broken), 400)
    assert [error["pointer"] for error in problem["errors"]] == ["/24001/Outcome"]
    assert f"{2 * CHUNK} rows from its beginning are stored" in problem["detail"]
    assert run.count() == 2 * CHUNK
    stored(run.report(collector, "results", body), 5_000, skipped=2 * CHUNK)
    assert run.checks() == list(range(25_000))


def test_a_batch_that_comes_again_with_fewer_lines_than_are_stored_is_another_one(collector, run):
    assert_problem(run.report(collector, "results", results(25_000) + b"x\n"), 400)
    problem = assert_problem(run.report(collector, "results", results(5)), 409)
    assert "20000 rows" in problem["detail"]
    assert run.count() == 2 * CHUNK


def test_at_most_100_broken_lines_are_named(collector, run):
    problem = assert_problem(run.report(collector, "results", b"x\n" * 30_000), 400)
    assert [error["pointer"] for error in problem["errors"]] == [f"/{line}" for line in range(1, 101)]
