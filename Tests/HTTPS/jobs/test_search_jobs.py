"""Search Jobs: the attribute language over HTTPS, pages, cursors, totals."""

import uuid

import pytest

from harness.client import API, assert_problem
from harness.directory import ALL_TASKS, ROOTS, SEARCH_TASKS, unique


def search(client, attributes=None, **parameters):
    if attributes is not None:
        parameters["Attributes"] = attributes
    return client.get(f"{API}/Jobs", params=parameters)


def found(client, attributes, **parameters):
    """The response of a search that must succeed."""
    response = search(client, attributes, **parameters)
    assert response.status_code == 200, response.text
    return response.json()


def names(answer):
    return [item["JobProperties"]["JobName"] for item in answer["Items"]]


@pytest.fixture
def mark():
    """A word that occurs only in the names of this test's jobs."""
    return "m" + uuid.uuid4().hex[:10]


@pytest.fixture
def jobs(directory, user, mark):
    """Four jobs that differ in all attributes."""
    made = {
        "alpha": directory.job(
            user,
            name=f"{mark} Alpha 100%",
            job_type="CollectionJob",
            created_at="2019-01-05T04:10:27.512079Z",
            modified_at="2020-01-01T00:00:00Z",
        ),
        "beta": directory.job(
            user,
            name=f"{mark} beta_x (b)",
            job_type="EvaluationJob",
            created_at="2019-01-06T00:00:00Z",
            modified_at="2020-01-02T00:00:00Z",
        ),
        "gamma": directory.job(
            user,
            name=f"{mark} GAMMA \\ ü",
            created_at="2019-01-07T00:00:00Z",
            modified_at="2020-01-03T00:00:00Z",
        ),
        "system": directory.job(
            None,
            name=f"{mark} system",
            job_type="Report Data Purge",
            created_at="2019-01-08T00:00:00Z",
            modified_at="2020-01-04T00:00:00Z",
        ),
    }
    directory.run(made["alpha"], status="Completed", queued_at="2021-03-01T00:00:00.001Z")
    directory.run(made["beta"], status="Failed", queued_at="2021-03-02T00:00:00Z")
    directory.run(made["gamma"], status="Running", queued_at="2021-03-03T00:00:00Z")
    return made


# MARK: The language

CASES = [
    ("JobName Contains ALPHA", "alpha"),
    ("JobName Contains 100%", "alpha"),
    ("JobName Contains %", "alpha"),
    ("JobName Contains _", "beta"),
    ("JobName Contains \\(b\\)", "beta"),
    ("JobName EndsWith \\\\ Ü", "gamma"),
    ("displayName EndsWith system", "system"),
    ("JobName = *a", ""),
    ("JobName = *alpha*", "alpha"),
    ("JobName = *ETA*x*", "beta"),
    ("JobName != *ph*", "beta gamma system"),
    ("JobName != *l*", "beta gamma system"),
    ("JobName Contains *", ""),
    ("JobCategory = system", "system"),
    ("JobCategory != System", "alpha beta gamma"),
    ("JobCategory Contains def", "alpha beta gamma"),
    ("JobType = collectionJOB", "alpha"),
    ("JobType = report data purge", "system"),
    ("JobType = *evaluation*", "beta gamma"),
    ("JobType StartsWith collection", "alpha gamma"),
    ("JobType != CollectionJob", "beta gamma system"),
    ("LastRunStatus = completed", "alpha"),
    ("LastRunStatus != completed", "beta gamma system"),
    ("LastRunStatus = *", "alpha beta gamma"),
    ("LastRunStatus != *", "system"),
    ("LastRunStatus Contains il", "beta"),
    ("LastRunStatus = Queued", ""),
    ("LastRunDate = 2021-03-01T00:00:00.001Z", "alpha"),
    ("LastRunDate = 2021-03-01", ""),
    ("LastRunDate != 2021-03-02", "alpha gamma system"),
    ("LastRunDate < 2021-03-02", "alpha"),
    ("LastRunDate <= 2021-03-02", "alpha beta"),
    ("LastRunDate > 2021-03-02", "gamma"),
    ("LastRunDate >= 2021-03-02", "beta gamma"),
    ("LastRunDate > 2021-03-01T23:00:00-01:00", "gamma"),
    ("JobCreationTime = 2019-01-05T04:10:27.512Z", "alpha"),
    ("JobCreationTime = 2019-01-04T20:10:27.5120788-08:00", "alpha"),
    ("JobCreationTime > 2019-01-05T04:10:27.512Z, JobCreationTime < 2019-01-08", "beta gamma"),
    ("JobModifiedTime >= 2020-01-03, LastRunStatus = Running", "gamma"),
    ("JobType = CollectionJob, JobCategory = System", ""),
    ("JobName StartsWith '{mark} b', LastRunStatus = Failed", "beta"),
    ("JobName = {mark} BETA*", "beta"),
    ("JobName = {mark} system", "system"),
]


@pytest.mark.parametrize("condition, expected", CASES)
def test_a_condition_finds_the_jobs_that_fulfil_it(client, jobs, mark, condition, expected):
    for form in ("JobName StartsWith {0}, {1}", "(JobName StartsWith {0} , {1})", '({1},JobName StartsWith "{0}")'):
        answer = found(client, form.format(mark, condition.replace("{mark}", mark)))
        assert {name for name, job in jobs.items() if job.name in names(answer)} == set(expected.split())
        assert answer["TotalCount"] == len(answer["Items"]) == len(expected.split())


def test_a_job_is_found_by_its_GUID(client, jobs, mark):
    job = jobs["beta"]
    assert names(found(client, f"JobID = {{{str(job.id).upper()}}}")) == [job.name]
    others = found(client, f"JobID != {job.id.hex}, JobName StartsWith {mark}")
    assert len(others["Items"]) == 3 and job.name not in names(others)


def test_times_in_an_answer_find_the_job_they_came_from(client, user, directory, mark):
    for microsecond in (0, 1, 499, 500, 999, 1000, 123456, 512079, 999000, 999499, 999999, 571000, 3000, 29000):
        job = directory.job(user, name=f"{mark} {microsecond}", created_at=f"2026-05-17T11:22:33.{microsecond:06}Z")
        time = client.job(job).json()["JobProperties"]["JobCreationTime"]
        assert time == f"2026-05-17T11:22:33.{microsecond // 1000:03}Z"
        assert job.name in names(found(client, f"JobCreationTime = {time}, JobName StartsWith {mark}"))


def test_a_job_is_answered_as_by_its_GUID(client, jobs):
    job = jobs["alpha"]
    assert found(client, f"JobID = {job.id}") == {
        "Items": [client.job(job).json()],
        "TotalCount": 1,
        "Page": 0,
        "PageSize": 20,
    }


def test_without_conditions_all_jobs_are_found(client, jobs, database):
    for attributes in (None, "", "()", " ( ) "):
        answer = found(client, attributes)
        assert answer["TotalCount"] == database.value("SELECT count(*) FROM directory.jobs")
        assert len(answer["Items"]) == min(20, answer["TotalCount"])


def test_parameters_are_found_however_the_documents_spell_them(client, jobs, mark):
    for target in (
        "/Jobs?Attributes=JobName%20StartsWith%20{}&page=0&pagesize=2",
        "/jobs/?/attributes=(JobName+StartsWith+{})&%20PAGE=0&%20PageSize=%202%20",
        "/Jobs?(Attributes=JobName%20StartsWith%20{})&page=0&pagesize=2",
        "/jobs??(/attributes=(JobName+StartsWith+{}))&?page=0&pagesize=2&_=17&",
    ):
        answer = client.get(API + target.format(mark)).json()
        assert (answer["TotalCount"], answer["PageSize"], len(answer["Items"])) == (4, 2, 2)


def test_what_looks_like_SQL_is_text(client, jobs):
    for value in ("' OR '1'='1", "'; DROP TABLE directory.jobs; --", "$1", "%", "\\\\", "E'\\\\x'", "ü🗝", "/**/"):
        assert search(client, f'JobName = "{value}"').json()["Items"] == []
    assert len(search(client, "JobName Contains ' OR '").json()["Items"]) == 0


# MARK: How much


@pytest.fixture
def large_jobs(user, directory, database):
    """Forty jobs with definitions of 1 MiB: the prefix of their names, and the names."""
    mark = unique("Large")
    made = [directory.job(user, name=f"{mark} {n:02}") for n in range(40)]
    database.rows(
        "UPDATE directory.jobs SET job_description = 'described', "
        "configuration = jsonb_build_object('JobDescription', repeat('x', 1048576)) WHERE job_id = ANY (%s)",
        [job.id for job in made],
    )
    yield mark, [job.name for job in made]
    database.rows("DELETE FROM directory.jobs WHERE job_id = ANY (%s)", [job.id for job in made])


def test_a_page_of_large_definitions_has_all_of_them(client, user, directory, large_jobs):
    mark, expected = large_jobs
    # Thirty small ones come before them.
    small = [directory.job(user, name=f"{mark} ! {n:02}").name for n in range(30)]
    attributes = f"JobName StartsWith {mark}"
    for size, sizes in ((1000, [70]), (40, [40, 30]), (30, [30, 30, 10])):
        names, found = [], []
        answer = search(client, attributes, pagesize=size).json()
        while True:
            for item in answer["Items"]:
                properties = item["JobProperties"]
                names.append(properties["JobName"])
                if "!" not in properties["JobName"]:
                    assert properties["JobDescription"] == "described"
                    assert len(item["JobConfiguration"]["JobDescription"]) == 1048576
            found.append(len(answer["Items"]))
            assert (answer["TotalCount"], answer["PageSize"]) == (70, size)
            if "NextCursor" not in answer:
                break
            answer = search(client, attributes, cursor=answer["NextCursor"]).json()
        assert names == small + expected
        assert found == sizes
    assert len(search(client, attributes, pagesize=30, page=2).json()["Items"]) == 10


# MARK: What is refused


@pytest.mark.parametrize(
    "attributes, position",
    [
        ("Name = a", 1),
        ("JobName < a", 9),
        ("JobName = ", 11),
        ("(JobName = a", 13),
        ("LastRunStatus = Done", 17),
        ("JobCreationTime > yesterday", 19),
        ("JobID = 42", 9),
        ("JobName = a\\b", 13),
        ("AssetName = a", 1),
        ("x" * 3000, 2001),
    ],
)
def test_what_is_not_understood_is_named_with_its_place(client, attributes, position):
    detail = assert_problem(search(client, attributes), 400)["detail"]
    assert detail.startswith(f"Attributes cannot be understood at character {position}: found ")


@pytest.mark.parametrize(
    "rule, values",
    [
        (
            "page is invalid: expected an integer from 0 to 1000000000.",
            {"page": ["-1", "x", "", "1.5", "1e3", "9" * 30]},
        ),
        ("pagesize is invalid: expected an integer from 1 to 1000.", {"pagesize": ["0", "1001", "-5", "x", ""]}),
        ("exactcount is invalid: expected True or False.", {"exactcount": ["1", "", "yes"]}),
    ],
)
def test_a_wrong_page_is_refused_with_its_rule(client, rule, values):
    for name, wrong in values.items():
        for value in wrong:
            assert_problem(search(client, **{name: value}), 400, rule)


@pytest.mark.parametrize(
    "path, operation", [("Jobs", "Search Jobs"), ("Assets", "Search Assets"), ("Standards", "Search Standards")]
)
@pytest.mark.parametrize("name", ["Attribute", "page size", "offset"])
def test_a_parameter_that_there_is_not_is_refused_by_its_name(client, path, operation, name):
    detail = assert_problem(client.get(f"{API}/{path}", params={name: "x", "page": "0"}), 400)["detail"]
    assert detail.startswith(f"Unknown parameter {name} for {operation}, which has Attributes, ")


@pytest.mark.parametrize(
    "query",
    [
        "Attributes=()&attributes=()",
        "page=0&Page=0",
        "cursor=a&cursor=a",
        "Attributes=%FF",
        "Attributes=JobName%20=%20%00",
        "page=%zz",
        "%FF=1",
    ],
)
def test_a_repeated_or_malformed_parameter_is_refused(client, query):
    assert_problem(client.verbatim("GET", f"{API}/Jobs?{query}"), 400)


def test_a_name_and_attributes_exclude_each_other(client):
    assert "exclude" in assert_problem(search(client, "()", jobname="a"), 400)["detail"]


# MARK: Pages


@pytest.fixture
def many(directory, user, mark):
    """Twenty-five jobs, created in an order that is not that of their names; some times are equal."""
    return [
        directory.job(
            user, name=f"{mark} {chr(65 + n * 7 % 25)}", created_at=f"2022-01-{1 + n % 5:02}", modified_at="2022-06-01"
        )
        for n in range(25)
    ]


def walk(client, attributes, size):
    """All pages, by cursor."""
    answer, pages = found(client, attributes, pagesize=size), []
    while True:
        pages.append(answer)
        if "NextCursor" not in answer:
            return pages
        answer = found(client, attributes, cursor=answer["NextCursor"])


def test_pages_come_in_the_order_of_names(client, many, mark):
    attributes = f"JobName StartsWith {mark}"
    expected = sorted(job.name for job in many)
    assert names(found(client, attributes)) == expected[:20]
    assert names(found(client, attributes, page=1)) == expected[20:]
    assert found(client, attributes, page=2) == {"Items": [], "TotalCount": 25, "Page": 2, "PageSize": 20}
    by_number = [name for page in range(4) for name in names(found(client, attributes, page=page, pagesize=7))]
    assert by_number == expected


@pytest.mark.parametrize("size", [1, 7, 24, 25, 26, 1000])
@pytest.mark.parametrize("bound", ["", ", JobCreationTime > 2000-01-01", ", JobModifiedTime >= 2022-06-01"])
def test_cursors_lead_through_all_pages_and_none_is_missed(client, many, mark, size, bound):
    pages = walk(client, f"JobName StartsWith {mark}{bound}", size)
    met = [name for page in pages for name in names(page)]
    assert sorted(met) == sorted(job.name for job in many) and len(set(met)) == 25
    assert [page["Page"] for page in pages] == list(range(-(-25 // size)))
    assert all(page["TotalCount"] == 25 and page["PageSize"] == size for page in pages)
    times = [item["JobProperties"]["JobCreationTime"] for page in pages for item in page["Items"]]
    if "Creation" in bound:
        assert times == sorted(times)
    elif not bound:
        assert met == sorted(met)


def test_a_job_that_is_deleted_or_made_between_pages_disturbs_no_other(client, many, mark, directory, user):
    attributes = f"JobName StartsWith {mark}"
    first = found(client, attributes, pagesize=10)
    last = next(job for job in many if job.name == names(first)[-1])
    assert client.delete(last).status_code == 204
    directory.job(user, name=f"{mark} AA")
    rest = found(client, attributes, cursor=first["NextCursor"])
    assert names(rest) == sorted(job.name for job in many)[10:20]


def test_a_cursor_belongs_to_its_search(client, many, mark):
    attributes = f"JobName StartsWith {mark}"
    cursor = found(client, attributes, pagesize=5)["NextCursor"]
    wrong = "cursor is invalid: expected the NextCursor of an answer to the same search."
    assert_problem(search(client, "()", cursor=cursor), 400, wrong)
    assert_problem(search(client, attributes + ", LastRunDate > 2000-01-01", cursor=cursor), 400, wrong)
    assert_problem(client.get(f"{API}/Assets", params={"cursor": cursor}), 400, wrong)
    for forged in (cursor[:-1], cursor[1:], cursor + "A", cursor.swapcase(), "", "AAAA", "x" * 5000, "ü", "=", "\\"):
        assert_problem(search(client, attributes, cursor=forged), 400, wrong)


def test_a_cursor_says_which_page_it_is(client, many, mark):
    attributes = f"JobName StartsWith {mark}"
    cursor = found(client, attributes, pagesize=5)["NextCursor"]
    assert found(client, attributes, cursor=cursor, pagesize=5)["Page"] == 1
    assert "exclude" in assert_problem(search(client, attributes, cursor=cursor, page=1), 400)["detail"]
    assert "pages of 5" in assert_problem(search(client, attributes, cursor=cursor, pagesize=6), 400)["detail"]


def test_the_last_page_there_could_be_is_empty(client, jobs, mark):
    assert found(client, f"JobName StartsWith {mark}", page=1000000000, pagesize=1000)["Items"] == []


def test_a_job_is_found_by_its_new_name_at_once(client, jobs, mark, database):
    new = f"{mark} {unique('renamed')}"
    database.rows("UPDATE directory.jobs SET job_name = %s WHERE job_id = %s", new, jobs["alpha"].id)
    assert names(found(client, f"JobName = {new.upper()}")) == [new]
    assert names(found(client, f"JobName Contains Alpha, JobName Contains {mark}")) == []


# MARK: Who may


def test_the_three_tasks_are_enough(directory, sign_in, jobs, mark):
    assert len(found(sign_in(directory.user(tasks=SEARCH_TASKS)), f"JobName StartsWith {mark}")["Items"]) == 4


@pytest.mark.parametrize("missing", SEARCH_TASKS)
def test_without_one_of_the_three_tasks_it_is_forbidden(directory, sign_in, missing):
    user = directory.user(tasks=[task for task in ALL_TASKS if task != missing])
    assert missing in assert_problem(search(sign_in(user)), 403)["detail"]


@pytest.mark.parametrize("missing", ROOTS)
def test_without_one_of_the_two_folders_it_is_forbidden(directory, sign_in, missing):
    user = directory.user(folders=[folder for name, folder in ROOTS.items() if name != missing])
    assert missing in assert_problem(search(sign_in(user)), 403)["detail"]


def test_without_a_token_it_is_401(anonymous):
    assert_problem(search(anonymous), 401)
