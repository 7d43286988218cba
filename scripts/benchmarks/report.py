"""The figures as one table in Markdown."""

import statistics


class Row:
    """A row of the table, from one number a round."""

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


def _ratios(rounds, name, peer, field="rate"):
    return [results[name][field] / results[peer][field] for results in rounds]


def deletion_rows(by_connections):
    rows = []
    for connections, deletion in by_connections.items():
        rounds = deletion["rounds"]
        # The targets of sharing transactions, at the two numbers of connections that have one.
        wanted = {"32": 2, "256": 3}.get(connections, 0.6)
        for name in (name for name in rounds[0] if name.startswith("service")):
            shown = f"Delete Job, {connections} connections, {name} ÷"
            rows += [
                Row(
                    f"{shown} pgbench, plain statements", _ratios(rounds, name, "pgbench, plain statements"), "", 2,
                    at_least=wanted,
                ),
                Row(f"{shown} pgbench, the server's own statement", _ratios(rounds, name, "pgbench"), "", 2),
                Row(f"{shown} FastAPI", _ratios(rounds, name, "FastAPI"), "", 2, at_least=6),
                Row(
                    f"{shown} pgbench, plain statements, 99th percentile",
                    _ratios(rounds, name, "pgbench, plain statements", "p99"), "", 2, at_most=1,
                ),
            ]
        rows += _absolute("Deletions a second", connections, rounds)
    return rows


def reading_rows(by_connections):
    rows = []
    for connections, reading in by_connections.items():
        rounds = reading["rounds"]
        shown = f"GET of a job, {connections} connections, service ÷"
        rows += [
            Row(f"{shown} pgbench doing the same reads", _ratios(rounds, "service", "pgbench"), "", 2, at_least=1),
            Row(f"{shown} FastAPI", _ratios(rounds, "service", "FastAPI"), "", 2),
        ]
        rows += _absolute("Jobs read a second", connections, rounds)
    return rows


def _absolute(text, connections, rounds):
    return [
        *(
            Row(f"{text}, {connections} connections, {name}", [results[name]["rate"] for results in rounds])
            for name in rounds[0]
        ),
        *(
            Row(f"… 99th percentile, {name}", [results[name]["p99"] for results in rounds], " ms", 1)
            for name in rounds[0]
        ),
    ]


def costs(what, by_connections, seconds):
    """The processor time of each part, and that of other processes."""
    notes = []
    for connections, part in by_connections.items():
        rounds = part["rounds"]

        def cost(name, of):
            return statistics.median(results[name]["microsecondsEach"][of] for results in rounds)

        listed = ", ".join(
            f"{name} {cost(name, 'postgres'):.0f} + {cost(name, 'server'):.0f} + {cost(name, 'client'):.0f}"
            for name in rounds[0]
        )
        others = max(result["others"] for results in rounds for result in results.values())
        notes.append(
            f"{what}, {connections} kept-alive connections, {len(rounds)} rounds of {seconds} s, by turns, on a store"
            f" of {part['jobs']:,} jobs: processor time each in µs, PostgreSQL + server + client: {listed}; others had"
            f" at most {others:.1%} of the machine."
        )
    return notes


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


def logins_rows(logins):
    rounds = logins["rounds"]
    return [
        Row(
            "Logins a second, the password remembered ÷ by scrypt each time",
            [r["remembered"]["rate"] / r["hashed"]["rate"] for r in rounds], "", 0, at_least=50,
        ),
        Row("… the password remembered", [r["remembered"]["rate"] for r in rounds]),
        Row("… by scrypt each time", [r["hashed"]["rate"] for r in rounds], "", 1),
        Row("99th percentile, the password remembered", [r["remembered"]["p99"] for r in rounds], " ms", 1),
    ]


def connections_rows(connections):
    rounds, idle = connections["rounds"], f"{connections['idle']:,} idle TLS connections"
    return [
        Row(f"Resident memory of each of {idle}", [r["kilobytesEach"] for r in rounds], " kB", 1),
        Row("… and of the server with all of them", [r["resident"] for r in rounds], " MB"),
        Row(
            f"Median of a GET among {idle} ÷ without them",
            [r["among"]["p50"] / r["alone"]["p50"] for r in rounds], "", 2, at_most=1.2,
        ),
        Row("… among them", [r["among"]["p50"] for r in rounds], " ms", 2),
        Row("99th percentile, without them", [r["alone"]["p99"] for r in rounds], " ms", 2),
        Row("… among them", [r["among"]["p99"] for r in rounds], " ms", 2),
    ]


def handshakes_rows(handshakes):
    rounds = handshakes["rounds"]
    return [
        Row(
            f"New TLS connections a second, the service ÷ {handshakes['nginx']}",
            [r["service"]["rate"] / r["nginx"]["rate"] for r in rounds], "", 2, at_least=1,
        ),
        Row(
            f"… a libmicrohttpd handler that only answers ÷ {handshakes['nginx']}",
            [r["bare libmicrohttpd"]["rate"] / r["nginx"]["rate"] for r in rounds], "", 2,
        ),
        *(Row(f"… {name}", [r[name]["rate"] for r in rounds]) for name in rounds[0]),
        *(Row(f"Processor time of a connection, {name}", [r[name]["microsecondsEach"] for r in rounds], " µs")
          for name in rounds[0]),
    ]


def attacks_rows(attacks):
    rounds = attacks["rounds"]
    return [
        Row("99th percentile of a GET under attack ÷ at rest", [r["ratio"] for r in rounds], "", 2, at_most=3),
        Row("… at rest", [r["rest"] * 1e3 for r in rounds], " ms", 2),
        Row("… resident memory under attack", [r["megabytes"] for r in rounds], " MB", at_most=300),
    ]


def bulk_rows(bulk):
    rounds = bulk["rounds"]
    service, psql = [r["service"] for r in rounds], [r["psql"] for r in rounds]
    return [
        Row(
            f"{bulk['rows']:,} results by one request over TLS ÷ psql's \\copy of the same rows",
            [a["rowsPerSecond"] / b["rowsPerSecond"] for a, b in zip(service, psql)], "", 2, at_least=0.5,
        ),
        Row("… the most memory that the server had resident", [r["peakMegabytes"] for r in service], " MB", 1, at_most=100),
        Row("Results a second, by one request", [r["rowsPerSecond"] for r in service]),
        Row("Results a second, psql", [r["rowsPerSecond"] for r in psql]),
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


def others_rows(points):
    rows = []
    for kind, field in (("without runs", "emptyMilliseconds"), ("with ten results", "smallMilliseconds")):
        alone = points[0][field]
        rows.append(Row(f"Delete Job on a job {kind}, others with none, lower decile", [alone], " ms", 2))
        rows += [
            Row(f"… others with {p['results']:,} results ÷ with none", [p[field] / alone], "", 2, at_most=1.2)
            for p in points[1:]
        ]
    return rows


def scale_rows(scale):
    rows = [
        Row(f"Delete Job on a history of {p['rows']:,} rows, answered in", [p["answeredMilliseconds"]], " ms", 1)
        for p in scale["deletion"]
    ]
    rows += others_rows(scale["others"])
    largest = scale["pages"][-1]
    rows += [
        Row(f"A page of a search over {largest['jobs']:,} jobs, {name}", [value], " ms", 1, at_most=50)
        for name, value in largest.items() if name != "jobs"
    ]
    return rows + [
        Row(f"Jobs read a second, {p['connections']:,} connections", [p["rate"]]) for p in scale["throughput"]
    ]


def rows(results):
    """The rows of all parts that were measured."""
    rows = []
    if "delete" in results:
        rows += deletion_rows(results["delete"])
    if "read" in results:
        rows += reading_rows(results["read"])
    if "large" in results:
        rows += large_rows(results["large"])
    if "logins" in results:
        rows += logins_rows(results["logins"])
    if "connections" in results:
        rows += connections_rows(results["connections"])
    if "handshakes" in results:
        rows += handshakes_rows(results["handshakes"])
    if "bulk" in results:
        rows += bulk_rows(results["bulk"])
    if "memory" in results:
        rows += memory_rows(results["memory"])
    if "start" in results:
        rows += start_rows(results["start"])
    if "scale" in results:
        rows += scale_rows(results["scale"])
    if "others" in results:
        rows += others_rows(results["others"])
    if "attacks" in results:
        rows += attacks_rows(results["attacks"])
    return rows


def _keyed(lines):
    """The lines of tables with their keys: the first column, and for one that begins with … that of the row above it."""
    above = None
    for line in lines:
        name = line.split("|")[1].strip() if line.startswith("| ") else None
        if name is not None and not name.startswith("…"):
            above = name
        yield (above, name) if name is not None else None, line


def record(page, rows):
    """Replaces the rows of a page that have been measured again; the number replaced."""
    with open(page) as file:
        lines = file.read().splitlines()
    measured = dict(_keyed(map(str, rows)))
    updated = [measured.get(key, line) for key, line in _keyed(lines)]
    with open(page, "w") as file:
        file.write("\n".join(updated) + "\n")
    return sum(key in measured for key, _ in _keyed(lines) if key)


def markdown(results):
    lines = ["| measured | median | least – most | target |", "|---|---:|---:|---|", *map(str, rows(results)), ""]
    stated = "; ".join(f"{name} {value}" for name, value in results["machine"].items())
    lines.append(f"Measured {results['date']} on {stated}.")
    notes = [
        "Clients, servers and PostgreSQL shared the machine. Autovacuum was off; what is measured began after VACUUM"
        " (ANALYZE) and a checkpoint."
    ]
    if "delete" in results:
        notes += costs("Deletions", results["delete"], results["seconds"])
        notes.append(
            "Each deletion ran on a fresh store of jobs with two runs and ten results; after every run each 204 was"
            " found true, and nothing orphaned."
        )
    if "bulk" in results:
        notes.append(
            f"The results were {results['bulk']['bytes'] / 1e6:,.0f} MB of JSON, sent by curl; after every round the rows"
            " were found to be the same as psql's, each there once."
        )
    if "read" in results:
        notes += costs("Reads", results["read"], results["seconds"])
    lines.append(" ".join(notes))
    return "\n".join(lines) + "\n"
