"""How costs grow: deletions with the history and with those of other jobs, pages of a search with the jobs, throughput
with the connections."""

import json
import os
import statistics
import time
import urllib.parse

import contenders
import machine
from database import TOKEN, Failed
from servers import Client, JobStore

HISTORIES = (10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
OTHERS = (0, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
DELETIONS = 500
JOBS = (1_000, 10_000, 100_000, 1_000_000)
CONNECTIONS = (1, 4, 16, 64, 256, 1_000)
READ_JOBS = 100_000
PAGES = 50

# The searches that are measured. All but the first find a tenth of the jobs or more.
SEARCHES = {
    "exact name": "JobName = Estate job 00000777",
    "prefix of the name": "JobName StartsWith Estate job",
    "type": "JobType = CollectionJob",
    "status": "LastRunStatus = Failed",
    "time range": "LastRunDate >= 2026-02-01T00:00:00Z, LastRunDate < 2026-03-01T00:00:00Z",
}


class Reads(contenders.OverTLS):
    script = "get.lua"


def measure(settings, database, say):
    return {
        "deletion": _deletion(settings, database, say),
        "others": others(settings, database, say),
        "pages": _pages(settings, database, say),
        "throughput": _throughput(settings, database, say),
    }


def _deletion(settings, database, say):
    """Milliseconds until Delete Job is answered, seconds until the last row is erased, and the same of one DELETE."""
    points = []
    for rows in HISTORIES:
        answered, erased, single = [], [], []
        for _ in range(5 if rows <= 10_000 else 1):
            large, other = database.make_large(rows)
            machine.wait_until_quiet(settings.patience)
            with (
                JobStore(settings.state, settings.binary, settings.sockets) as server,
                Client(server.port, TOKEN) as client,
            ):
                # Opens connections and plans statements.
                for _ in range(20):
                    client.request("GET", f"/ccs/api/v1/jobs/{large}")
                client.request("DELETE", f"/ccs/api/v1/Jobs?jobid={other}")
                began = time.perf_counter()
                status, _ = client.request("DELETE", f"/ccs/api/v1/Jobs?jobid={large}")
                answered.append((time.perf_counter() - began) * 1e3)
                if status != 204:
                    raise Failed(f"Delete Job was answered {status}")
                database.wait_until_erased(1800)
                erased.append(time.perf_counter() - began)
            database.check_no_orphans()
            large, _ = database.make_large(rows)
            history = database.value("SELECT history_id FROM directory.jobs WHERE job_id = %s", (large,))
            began = time.perf_counter()
            database.rows("DELETE FROM store.job_runs WHERE history_id = %s", (history,))
            single.append((time.perf_counter() - began) * 1e3)
        point = {
            "rows": rows, "answeredMilliseconds": statistics.median(answered),
            "erasedSeconds": statistics.median(erased), "singleDeleteMilliseconds": statistics.median(single),
        }
        say(
            f"a history of {rows:,} rows: answered in {point['answeredMilliseconds']:.1f} ms, gone after"
            f" {point['erasedSeconds']:.2f} s; as one DELETE {point['singleDeleteMilliseconds']:,.1f} ms"
        )
        points.append(point)
    return points


def others(settings, database, say):
    """Milliseconds until Delete Job is answered, for a job without runs and for one with ten results, while ten other jobs
    have the results: a deletion pays for itself alone. Lower deciles, which other processes disturb least."""
    points = []
    most = settings.others // 1_000 * 1_000
    for results in sorted({*(number for number in OTHERS if number < most), most}):
        database.script("others.sql", user=database.user, count=DELETIONS, results=results)
        database.settle()
        machine.wait_until_quiet(settings.patience)
        times = {"Empty": [], "Small": []}
        with (
            JobStore(settings.state, settings.binary, settings.sockets) as server,
            Client(server.port, TOKEN) as client,
        ):
            # By turns, so that a disturbance meets both. The first ones open connections and plan statements.
            jobs = database.rows(
                "SELECT split_part(job_name, ' ', 1), job_id FROM directory.jobs WHERE job_name !~ '^Other'"
                " ORDER BY split_part(job_name, ' ', 3)::integer, job_name"
            )
            for number, (kind, job) in enumerate(jobs):
                began = time.perf_counter()
                status, _ = client.request("DELETE", f"/ccs/api/v1/Jobs?jobid={job}")
                if status != 204:
                    raise Failed(f"Delete Job was answered {status}")
                if number >= 40:
                    times[kind].append((time.perf_counter() - began) * 1e3)
        database.check_no_orphans()
        point = {
            "results": results, "emptyMilliseconds": statistics.quantiles(times["Empty"], n=10)[0],
            "smallMilliseconds": statistics.quantiles(times["Small"], n=10)[0],
        }
        say(
            f"others with {results:,} results: a job without runs {point['emptyMilliseconds']:.2f} ms, one with ten"
            f" results {point['smallMilliseconds']:.2f} ms"
        )
        points.append(point)
    return points


def _page(client, search, **more):
    query = urllib.parse.urlencode({"Attributes": f"({search})", "pagesize": 20, **more})
    began = time.perf_counter()
    status, body = client.request("GET", f"/ccs/api/v1/Jobs?{query}")
    if status != 200:
        raise Failed(f"Search Jobs was answered {status}: {body[:200]!r}")
    return (time.perf_counter() - began) * 1e3, body


def _pages(settings, database, say):
    """Milliseconds a page, medians: the first page of each search, and the 1,000th by cursor."""
    points = []
    for jobs in JOBS:
        database.script("many_jobs.sql", user=database.user, count=jobs)
        database.settle()
        machine.wait_until_quiet(settings.patience)
        point = {"jobs": jobs}
        with (
            JobStore(settings.state, settings.binary, settings.sockets) as server,
            Client(server.port, TOKEN) as client,
        ):
            for name, search in SEARCHES.items():
                _page(client, search)
                point[name] = statistics.median(_page(client, search)[0] for _ in range(PAGES))
            cursor, times = None, []
            for number in range(1_000):
                milliseconds, body = _page(client, SEARCHES["type"], **({"cursor": cursor} if cursor else {}))
                cursor = json.loads(body).get("NextCursor")
                if number >= 1_000 - PAGES:
                    times.append(milliseconds)
                if not cursor:
                    break
            if times:
                point["type, 1,000th page"] = statistics.median(times)
        say(f"{jobs:,} jobs: " + ", ".join(f"{name} {value:.1f} ms" for name, value in point.items() if name != "jobs"))
        points.append(point)
    return points


def _throughput(settings, database, say):
    """GETs of a job a second, by the number of kept-alive connections."""
    database.make_jobs(READ_JOBS)
    points = []
    with JobStore(settings.state, settings.binary, settings.sockets) as server:
        for connections in CONNECTIONS:
            reads = Reads("service", settings, database, connections, server)
            contenders.timed(reads, 2)
            machine.wait_until_quiet(settings.patience)
            result = contenders.timed(reads, settings.seconds)
            points.append({"connections": connections, "rate": result["rate"], "p99": result["p99"]})
            say(f"{connections:,} connections: {contenders.told(result, 'jobs')}")
    return points


# --- plots ------------------------------------------------------------------------------------------------------------


def plot(results, folder):
    """Three SVG files; the same figures make the same files, byte for byte."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({
        "svg.hashsalt": "ccs-jobstore", "svg.fonttype": "none", "font.size": 10, "axes.spines.top": False,
        "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3, "figure.facecolor": "white",
    })
    from matplotlib import pyplot

    def figure(name, title, across, up, lines, **scales):
        drawing, axes = pyplot.subplots(figsize=(7, 3.6))
        for label, points in lines.items():
            axes.plot(*zip(*points), marker="o", markersize=4, label=label)
        axes.set(title=title, xlabel=across, ylabel=up, **scales)
        axes.set_ylim(bottom=0 if scales.get("yscale") != "log" else None)
        axes.legend(frameon=False, fontsize=8)
        drawing.tight_layout()
        drawing.savefig(os.path.join(folder, f"{name}.svg"), metadata={"Date": None})
        pyplot.close(drawing)

    os.makedirs(folder, exist_ok=True)
    deletion = results["deletion"]
    figure(
        "deletion", "Delete Job, by the size of the history", "rows of the history", "ms",
        {
            "Delete Job, answered": [(p["rows"], p["answeredMilliseconds"]) for p in deletion],
            "one single DELETE of the rows": [(p["rows"], p["singleDeleteMilliseconds"]) for p in deletion],
            "the last row is gone": [(p["rows"], p["erasedSeconds"] * 1e3) for p in deletion],
        },
        xscale="log", yscale="log",
    )
    pages = results["pages"]
    names = [name for name in pages[-1] if name != "jobs"]
    figure(
        "pages", "A page of 20 jobs, by the jobs in the directory", "jobs", "ms",
        {name: [(p["jobs"], p[name]) for p in pages if name in p] for name in names}, xscale="log",
    )
    throughput = results["throughput"]
    figure(
        "throughput", "GET of a job, by kept-alive TLS connections", "connections", "requests a second",
        {"the service": [(p["connections"], p["rate"]) for p in throughput]}, xscale="log",
    )
