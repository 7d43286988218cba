"""Delete Job and Search Job by ID by FastAPI and asyncpg: the same responses to the same requests, the same rows.

Run by uvicorn with uvloop, httptools and TLS, two workers. The database comes by BENCH_DSN, the connections a worker
may have by BENCH_POOL.
"""

import hashlib
import json
import os
import uuid
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

PRINCIPAL = """
SELECT u.user_id, u.user_name,
       ARRAY(
           SELECT DISTINCT t.task
           FROM directory.user_roles r
           JOIN directory.role_tasks t USING (role_id)
           WHERE r.user_id = u.user_id
       ) AS tasks,
       ARRAY(
           SELECT DISTINCT g.folder_id
           FROM directory.user_roles r
           JOIN directory.folder_grants g USING (role_id)
           WHERE r.user_id = u.user_id
       ) AS folders
FROM auth.access_tokens a
JOIN directory.users u USING (user_id)
WHERE a.token_hash = $1 AND a.expires_at > now() AND NOT u.disabled
"""

JOB = """
SELECT j.job_id, j.job_name, j.job_description, j.job_type, j.is_system, u.user_name, j.created_at, j.modified_at,
       j.last_run_status, j.last_run_at, j.next_run_at, j.configuration::text
FROM directory.jobs j
LEFT JOIN directory.users u ON u.user_id = j.created_by
WHERE j.job_id = $1
"""

LOCK = """
SELECT history_id, job_name, run_count, is_system, created_by
FROM directory.jobs
WHERE job_id = $1
FOR UPDATE
"""

ERASE = [
    f"DELETE FROM store.{table} WHERE history_id = $1"
    for table in ("evaluation_results", "collected_data", "job_run_messages", "job_runs")
]

AUDIT = """
INSERT INTO audit.events (user_id, user_name, operation, job_id, job_name, request_id, details)
VALUES ($1, $2, 'Delete Job', $3, $4, $5, $6)
"""

NEEDED_TASKS = {"View standards", "Manage jobs", "Collect data", "Evaluate standards", "View evaluation results"}
NEEDED_TO_READ = {"View all jobs", "View standards", "View assets"}
NEEDED_FOLDERS = {
    uuid.UUID("a55e7000-0000-4000-8000-000000000001"),
    uuid.UUID("57a2da2d-0000-4000-8000-000000000001"),
}


class Problem(Exception):
    def __init__(self, status, detail):
        self.status, self.detail = status, detail


@asynccontextmanager
async def lifespan(app):
    connections = int(os.environ["BENCH_POOL"])
    app.state.pool = await asyncpg.create_pool(os.environ["BENCH_DSN"], min_size=connections, max_size=connections)
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan)


@app.exception_handler(Problem)
async def problem(_: Request, problem: Problem):
    return JSONResponse(
        {"type": "about:blank", "status": problem.status, "detail": problem.detail},
        status_code=problem.status, media_type="application/problem+json",
    )


@app.get("/readyz")
async def ready():
    return {"status": "ready"}


def bearer(request):
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Problem(401, "An access token is needed: Authorization: Bearer, followed by the token.")
    return token


def identifier(text):
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Problem(400, "JobID is invalid.") from None


async def permitted(connection, token, tasks):
    user = await connection.fetchrow(PRINCIPAL, hashlib.sha256(token.encode()).digest())
    if user is None:
        raise Problem(401, "The access token is invalid or has expired.")
    if not tasks.issubset(user["tasks"]) or not NEEDED_FOLDERS.issubset(user["folders"]):
        raise Problem(403, "This needs a task or a folder that you do not have.")
    return user


def wire(time):
    return time and time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@app.get("/ccs/api/v1/jobs/{jobid}")
async def job_by_id(request: Request, jobid: str):
    token, job = bearer(request), identifier(jobid)
    async with request.app.state.pool.acquire() as connection:
        await permitted(connection, token, NEEDED_TO_READ)
        found = await connection.fetchrow(JOB, job)
    if found is None:
        raise Problem(404, "The job does not exist.")
    return JSONResponse({
        "JobProperties": {
            "JobID": str(found["job_id"]), "JobName": found["job_name"], "JobDescription": found["job_description"],
            "JobType": found["job_type"], "JobCategory": "System" if found["is_system"] else "UserDefined",
            "CreatedBy": found["user_name"], "JobCreationTime": wire(found["created_at"]),
            "JobModifiedTime": wire(found["modified_at"]), "LastRunStatus": found["last_run_status"],
            "LastRunDate": wire(found["last_run_at"]), "NextRunDate": wire(found["next_run_at"]),
        },
    })


@app.delete("/ccs/api/v1/Jobs")
async def delete_job(request: Request, jobid: str):
    token, job = bearer(request), identifier(jobid)
    async with request.app.state.pool.acquire() as connection:
        user = await permitted(connection, token, NEEDED_TASKS)
        async with connection.transaction():
            found = await connection.fetchrow(LOCK, job)
            if found is None:
                raise Problem(404, "The job does not exist.")
            if found["is_system"] or found["created_by"] != user["user_id"]:
                raise Problem(403, "Only its creator can delete a job, and nobody a system job.")
            for statement in ERASE:
                await connection.execute(statement, found["history_id"])
            await connection.execute("DELETE FROM directory.jobs WHERE job_id = $1", job)
            await connection.execute(
                AUDIT, user["user_id"], user["user_name"], job, found["job_name"], uuid.uuid4(),
                json.dumps({"Runs": found["run_count"]}),
            )
    return Response(status_code=204)
