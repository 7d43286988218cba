"""The numbers as one table in Markdown."""

import statistics


class Row:
    """A line of the table, from one number a round."""

    def __init__(self, text, values, unit="", digits=0, target=None, at_least=None, at_most=None):
        self.text, self.values, self.unit, self.digits = text, values, unit, digits
        self.goal = "" if at_least is None and at_most is None else (
            f"≥ {at_least:g}" if at_most is None else f"≤ {at_most:g}"
        )
        self.median = statistics.median(values)
        self.met = (at_least is None or self.median >= at_least) and (at_most is None or self.median <= at_most)

    def __str__(self):
        def number(value):
            return f"{value:,.{self.digits}f}"

        spread = f"{number(min(self.values))} – {number(max(self.values))}" if len(self.values) > 1 else ""
        goal = f"{self.goal}{self.unit}, {'met' if self.met else '**missed**'}" if self.goal else ""
        return f"| {self.text} | {number(self.median)}{self.unit} | {spread} | {goal} |"


def deletion_rows(deletion, connections):
    rounds = deletion["rounds"]
    services = [name for name in rounds[0] if name.startswith("service")]
    rows = []

    def rates(name):
        return [results[name]["rate"] for results in rounds]

    def ratios(name, peer, field="rate"):
        return [results[name][field] / results[peer][field] for results in rounds]

    for name in services:
        shown = name.replace("service", "the service over TLS")
        rows += [
            Row(f"Delete Job, {shown} ÷ pgbench running its statement", ratios(name, "pgbench"), "", 2, at_least=0.6),
            Row(f"Delete Job, {shown} ÷ pgbench, plain statements", ratios(name, "pgbench, plain statements"), "", 2),
            Row(f"Delete Job, {shown} ÷ FastAPI over TLS", ratios(name, "FastAPI"), "", 2),
            Row(f"Delete Job, 99th percentile, {shown} ÷ pgbench", ratios(name, "pgbench", "p99"), "", 2),
        ]
    for name in rounds[0]:
        rows.append(Row(f"Deletions a second, {name}", rates(name)))
    for name in rounds[0]:
        rows.append(
            Row(f"99th percentile, {name}", [results[name]["p99"] for results in rounds], " ms", 1)
        )
    for name in rounds[0]:
        for part, shown in (("postgres", "PostgreSQL"), ("server", "server"), ("client", "client")):
            costs = [results[name]["microsecondsPerDeletion"][part] for results in rounds]
            if max(costs) > 0:
                rows.append(Row(f"Processor time a deletion, {name}: {shown}", costs, " µs"))
    return rows


def large_rows(large):
    rounds = large["rounds"]
    ours, single = [r["service"] for r in rounds], [r["single"] for r in rounds]
    return [
        Row(
            f"Delete Job on a job of {large['rows']:,} runs, answered in",
            [r["answerMilliseconds"] for r in ours], " ms", 1, at_most=50,
        ),
        Row(
            "GET of another job, 99th percentile, while its history is erased ÷ at rest",
            [r["readsDuring"]["p99"] / r["readsAtRest"]["p99"] for r in ours], "", 2, at_most=2,
        ),
        Row("… at rest", [r["readsAtRest"]["p99"] for r in ours], " ms", 2),
        Row("… while the eraser works", [r["readsDuring"]["p99"] for r in ours], " ms", 2),
        Row("… while one single DELETE of the same rows runs", [r["readsDuring"]["p99"] for r in single], " ms", 2),
        Row(
            "The eraser's rate ÷ that of one single DELETE of the same rows",
            [a["eraserRowsPerSecond"] / b["rowsPerSecond"] for a, b in zip(ours, single)], "", 2, at_least=0.5,
        ),
        Row("Rows a second, the eraser", [r["eraserRowsPerSecond"] for r in ours]),
        Row("Rows a second, one single DELETE", [r["rowsPerSecond"] for r in single]),
    ]


def memory_rows(memory):
    rounds = memory["rounds"]

    def resident(when):
        return [r[when]["resident"] for r in rounds]

    return [
        Row("Resident memory at rest, after the start", resident("started"), " MB", 1, at_most=40),
        Row(
            f"Resident memory at rest, after {memory['requests']:,} requests", resident("worked"), " MB", 1, at_most=40
        ),
        Row(f"… and after {memory['logins']} logins at once", resident("loggedIn"), " MB", 1),
    ]


def start_rows(start):
    return [Row("From start to ready", start["milliseconds"], " ms", 0, at_most=300)]


def markdown(results):
    rows = []
    if "delete" in results:
        rows += deletion_rows(results["delete"], results["connections"])
    if "large" in results:
        rows += large_rows(results["large"])
    if "memory" in results:
        rows += memory_rows(results["memory"])
    if "start" in results:
        rows += start_rows(results["start"])
    lines = ["| measured | median | least – most | target |", "|---|---:|---:|---|", *map(str, rows), ""]
    lines.append("Measured " + results["date"] + " on " + "; ".join(f"{k} {v}" for k, v in results["machine"].items()) + ".")
    if "delete" in results:
        rounds = results["delete"]["rounds"]
        most = max(result["others"] for one in rounds for result in one.values())
        lines.append(
            f"Deletions: {results['connections']} kept-alive connections, {len(rounds)} rounds of"
            f" {results['seconds']} s, the contenders by turns, each time on a fresh store of"
            f" {results['delete']['jobs']:,} jobs with two runs and ten results. After every run each 204 was found"
            " true, and nothing orphaned. Clients, servers and PostgreSQL share the machine; others had at most"
            f" {most:.1%} of it."
        )
    return "\n".join(lines) + "\n"
