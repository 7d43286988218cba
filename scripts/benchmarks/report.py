"""The numbers as one table in Markdown."""

import statistics


class Row:
    """A line of the table, from one number a round."""

    def __init__(self, text, values, unit="", digits=0, at_least=None, at_most=None):
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


def deletion_rows(deletion):
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
            Row(f"Delete Job, {shown} ÷ pgbench, the server's statement", ratios(name, "pgbench"), "", 2, at_least=0.6),
            Row(
                f"Delete Job, {shown} ÷ pgbench, plain statements",
                ratios(name, "pgbench, plain statements"), "", 2, at_least=0.6,
            ),
            Row(f"Delete Job, {shown} ÷ FastAPI over TLS", ratios(name, "FastAPI"), "", 2),
            Row(f"99th percentile of Delete Job, {shown} ÷ pgbench", ratios(name, "pgbench", "p99"), "", 2),
        ]
    rows += [Row(f"Deletions a second, {name}", rates(name)) for name in rounds[0]]
    rows += [
        Row(f"99th percentile, {name}", [results[name]["p99"] for results in rounds], " ms", 1) for name in rounds[0]
    ]
    return rows


def deletion_notes(deletion, connections, seconds):
    """What the table does not say of the runs."""
    rounds = deletion["rounds"]

    def cost(name, part):
        return statistics.median(results[name]["microsecondsPerDeletion"][part] for results in rounds)

    costs = ", ".join(
        f"{name} {cost(name, 'postgres'):.0f} + {cost(name, 'server'):.0f} + {cost(name, 'client'):.0f}"
        for name in rounds[0]
    )
    others = max(result["others"] for results in rounds for result in results.values())
    return (
        f"Deletions: {connections} kept-alive connections, {len(rounds)} rounds of {seconds} s, the contenders by"
        f" turns, each time on a fresh store of {deletion['jobs']:,} jobs with two runs and ten results. After every"
        " run each 204 was found true, and nothing orphaned. Clients, servers and PostgreSQL share the machine; others"
        f" had at most {others:.1%} of it. Processor time a deletion in µs, PostgreSQL + server + client: {costs}."
    )


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
        rows += deletion_rows(results["delete"])
    if "large" in results:
        rows += large_rows(results["large"])
    if "memory" in results:
        rows += memory_rows(results["memory"])
    if "start" in results:
        rows += start_rows(results["start"])
    lines = ["| measured | median | least – most | target |", "|---|---:|---:|---|", *map(str, rows), ""]
    stated = "; ".join(f"{name} {value}" for name, value in results["machine"].items())
    lines.append(f"Measured {results['date']} on {stated}.")
    if "delete" in results:
        lines.append(deletion_notes(results["delete"], results["connections"], results["seconds"]))
    return "\n".join(lines) + "\n"
