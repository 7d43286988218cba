"""Jobs with schedules, created by SQL, and their runs."""

from harness.waiting import eventually

QUICK = {"schedule.pollSeconds": 0.1}


# Hourly: no second occurrence is due within a test.
HOURLY = {"RunPeriodically": True, "StartDate": "2026-01-01T00:00:00Z", "RepeatMinutes": 60}


ONCE = {"RunOnce": True, "StartDate": "2026-01-01T00:00:00Z"}


class Schedules:
    """Jobs with schedules, created by SQL, and their runs."""

    def __init__(self, database, directory):
        self.database = database
        self.directory = directory
        self.user = directory.user()

    def job(self, schedule=HOURLY, due="-1 second", **columns):
        """A job whose next run is due at `due` from now."""
        job = self.directory.job(self.user, configuration={"Schedule": schedule}, **columns)
        if due is not None:
            self.set_due(job, due)
        return job

    def jobs(self, count, schedule=HOURLY, due="-1 second"):
        jobs = [self.job(schedule, None) for _ in range(count)]
        self.database.rows(
            "UPDATE directory.jobs SET next_run_at = now() + %s::interval WHERE job_id = ANY (%s)",
            due,
            [job.id for job in jobs],
        )
        return jobs

    def set_due(self, job, due):
        self.database.rows(
            "UPDATE directory.jobs SET next_run_at = now() + %s::interval WHERE job_id = %s", due, job.id
        )

    def runs(self, job):
        return self.database.rows(
            "SELECT run_id, status, triggered_by FROM store.job_runs WHERE history_id = %s ORDER BY queued_at",
            self.directory.history_of(job),
        )

    def next_run(self, job):
        """The job's next run, in seconds from now; None for never."""
        return self.database.value(
            "SELECT extract(epoch FROM next_run_at - now())::float8 FROM directory.jobs WHERE job_id = %s", job.id
        )

    def wait_until_started(self, *jobs, seconds=20):
        identifiers = [job.id for job in jobs]
        eventually(
            lambda: (
                self.database.value(
                    "SELECT count(*) FROM directory.jobs WHERE job_id = ANY (%s) AND next_run_at <= now()", identifiers
                )
                == 0
            ),
            seconds,
            what="no job is due any more",
        )

    def running(self, job, ends_in=None, lease_ends_in=None, attempts=1, time_limit=None):
        """A run that a collector has claimed."""
        return self.database.value(
            """
            WITH run AS (
                INSERT INTO store.job_runs (
                    history_id, run_id, status, triggered_by, queued_at, started_at, ends_at, time_limit, attempts,
                    collector, lease_id, lease_expires_at
                )
                VALUES (
                    %(history)s, gen_random_uuid(), 'Running', 'Schedule', now() - interval '2 minutes',
                    now() - interval '1 minute', now() + %(ends)s::interval, %(limit)s::interval, %(attempts)s,
                    'collector-7', gen_random_uuid(), now() + %(lease)s::interval
                )
                RETURNING run_id
            )
            UPDATE directory.jobs
            SET run_count = run_count + 1, last_run_id = run_id, last_run_status = 'Running', last_run_at = now()
            FROM run
            WHERE job_id = %(job)s
            RETURNING run_id
            """,
            {
                "history": self.directory.history_of(job),
                "job": job.id,
                "ends": ends_in,
                "limit": time_limit,
                "lease": lease_ends_in,
                "attempts": attempts,
            },
        )

    def run(self, run):
        row = self.database.row(
            "SELECT status, attempts, collector, lease_id, lease_expires_at, message_count, ended_at, started_at "
            "FROM store.job_runs WHERE run_id = %s",
            run,
        )
        names = "status attempts collector lease_id lease_expires_at message_count ended_at started_at".split()
        return dict(zip(names, row))

    def messages(self, run):
        return self.database.rows(
            "SELECT row_number, severity, message FROM store.job_run_messages WHERE run_id = %s ORDER BY row_number",
            run,
        )

    def last_run_status(self, job):
        return self.database.value("SELECT last_run_status FROM directory.jobs WHERE job_id = %s", job.id)
