"""The OpenAPI document: valid, served, and compared with the server's responses."""

import re
import subprocess
import uuid
from urllib.parse import urljoin

import pytest

from harness.client import API, assert_problem
from harness.definitions import Inventory as Definition
from harness.inventory import Inventory
from harness.server import BINARY

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}

# The routes with the statuses that each must document.
OPERATIONS = {
    ("delete", "/ccs/api/v1/jobs"): {"200", "204", "400", "401", "403", "404", "412", "500"},
    ("post", "/ccs/api/v1/jobs"): {"201", "400", "401", "403", "409", "500"},
    ("patch", "/ccs/api/v1/jobs"): {"200", "400", "401", "403", "404", "409", "412", "500"},
    ("post", "/ccs/api/v1/jobs/{}"): {"200", "400", "401", "403", "404", "409", "500"},
    ("get", "/ccs/api/v1/jobs"): {"200", "304", "400", "401", "403", "500"},
    ("get", "/ccs/api/v1/jobs/{}"): {"200", "304", "400", "401", "403", "404", "500"},
    ("get", "/ccs/api/v1/jobs/{}/jobruns"): {"200", "400", "401", "403", "404", "500"},
    ("post", "/ccs/api/v1/jobruns/claim"): {"200", "400", "401", "403", "500"},
    ("post", "/ccs/api/v1/jobruns/{}/heartbeat"): {"200", "400", "401", "403", "404", "409", "500"},
    ("post", "/ccs/api/v1/jobruns/{}/complete"): {"200", "400", "401", "403", "404", "409", "500"},
    ("post", "/ccs/api/v1/jobruns/{}/fail"): {"200", "400", "401", "403", "404", "409", "500"},
    ("post", "/ccs/api/v1/jobruns/{}/messages"): {"200", "400", "401", "403", "404", "409", "500"},
    ("post", "/ccs/api/v1/jobruns/{}/collecteddata"): {"200", "400", "401", "403", "404", "409", "500"},
    ("post", "/ccs/api/v1/jobruns/{}/results"): {"200", "400", "401", "403", "404", "409", "500"},
    ("get", "/ccs/api/v1/standards"): {"200", "400", "401", "403", "404", "500"},
    ("get", "/ccs/api/v1/assets"): {"200", "400", "401", "403", "404", "500"},
    ("post", "/ccs/api/v1/results"): {"200", "400", "401", "403", "404", "500"},
    ("get", "/ccs/api/v1/audit"): {"200", "400", "401", "403", "500"},
    ("post", "/ccs/api/v1/oauth/tokens"): {"200", "400", "429"},
    ("post", "/ccs/api/v1/oauth/revoke"): {"200", "400"},
    ("get", "/ccs/api/v1/openapi.json"): {"200"},
    ("get", "/livez"): {"200"},
    ("get", "/readyz"): {"200", "503"},
    ("get", "/metrics"): {"200"},
}


@pytest.fixture
def document(anonymous):
    response = anonymous.get(f"{API}/openapi.json")
    assert response.status_code == 200
    assert response.headers["Content-Type"].split(";")[0] == "application/json"
    return response.json()


def resolve(document, node):
    """The target of a reference (RFC 6901)."""
    while isinstance(node, dict) and "$ref" in node:
        assert node["$ref"].startswith("#/"), f"a reference out of the document: {node['$ref']}"
        found = document
        for part in node["$ref"][2:].split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def walk(node, path="#"):
    yield path, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from walk(child, f"{path}/{key}")


def operations(document):
    """Every operation: method, complete path, the operation itself, and the parameters of path and operation."""
    base = document.get("servers", [{"url": "/"}])[0]["url"]
    base = re.sub(r"^https?://[^/]+", "", base).rstrip("/")
    for path, item in document["paths"].items():
        item = resolve(document, item)
        for method in METHODS & set(item):
            operation = item[method]
            parameters = [
                resolve(document, each) for each in item.get("parameters", []) + operation.get("parameters", [])
            ]
            yield method, base + path, operation, parameters


def general(path):
    """A path in lower case, without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path).lower()


def test_it_is_an_OpenAPI_3_1_document(document):
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"]
    printed = subprocess.run([BINARY, "version"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert document["info"]["version"] == printed.split()[1]
    assert set(document) <= {
        "openapi",
        "info",
        "jsonSchemaDialect",
        "servers",
        "paths",
        "webhooks",
        "components",
        "security",
        "tags",
        "externalDocs",
    }
    assert document["paths"]
    assert all(path.startswith("/") for path in document["paths"])
    # Templates that differ only in parameter names are identical (OpenAPI 3.1, 4.8.8).
    assert len({general(path) for path in document["paths"]}) == len(document["paths"])


def test_its_servers_are_the_one_that_sent_it(document, server):
    # RFC 3986, section 5: a relative URL is resolved against that of the document.
    for each in document["servers"]:
        assert urljoin(f"{server.api}/openapi.json", each["url"]) == f"{server.url}/"


def test_no_tag_is_declared_twice_and_every_operation_has_one_that_is_declared(document):
    names = [tag["name"] for tag in document["tags"]]
    assert len(set(names)) == len(names)
    for method, path, operation, _ in operations(document):
        assert operation["tags"] and set(operation["tags"]) <= set(names), f"{method} {path}"


def test_every_reference_leads_somewhere(document):
    references = [node for _, node in walk(document) if isinstance(node, dict) and isinstance(node.get("$ref"), str)]
    assert references
    for node in references:
        assert isinstance(resolve(document, node), dict)


def test_every_component_is_used(document):
    used = {node["$ref"] for _, node in walk(document) if isinstance(node, dict) and isinstance(node.get("$ref"), str)}
    for kind, components in document.get("components", {}).items():
        for name in components:
            assert re.fullmatch(r"[a-zA-Z0-9._-]+", name)
            if kind != "securitySchemes":
                assert f"#/components/{kind}/{name}" in used


def test_every_operation_is_whole(document):
    identifiers = []
    for method, path, operation, parameters in operations(document):
        where = f"{method} {path}"
        assert operation.get("summary"), where
        assert operation["responses"], where
        identifiers.append(operation["operationId"])
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5](\d\d|XX)|default", status), where
            response = resolve(document, response)
            assert response["description"], where
            for media, content in response.get("content", {}).items():
                assert re.fullmatch(r"[\w.+*-]+/[\w.+*-]+(;.*)?", media), where
                assert isinstance(content.get("schema", {}), (dict, bool)), where
            for header in response.get("headers", {}).values():
                header = resolve(document, header)
                assert "schema" in header or "content" in header, where
                assert "name" not in header and "in" not in header, where
        if "requestBody" in operation:
            assert resolve(document, operation["requestBody"])["content"], where
        assert len({(each["name"], each["in"]) for each in parameters}) == len(parameters), where
        for parameter in parameters:
            assert parameter["in"] in ("query", "path", "header", "cookie"), where
            assert ("schema" in parameter) != ("content" in parameter), where
            assert parameter["in"] != "path" or parameter["required"] is True, where
        named = {each["name"] for each in parameters if each["in"] == "path"}
        assert named == set(re.findall(r"\{([^}]*)\}", path)), where
    assert len(identifiers) == len(set(identifiers))


def test_schemas_use_the_words_of_JSON_Schema(document):
    types = {"string", "number", "integer", "boolean", "array", "object", "null"}
    for path, node in walk(document):
        if path.rsplit("/", 1)[-1] != "schema" or not isinstance(node, dict) or "/examples/" in path:
            continue
        for inner_path, inner in walk(node, path):
            if not isinstance(inner, dict) or re.search(r"/(properties|examples?|enum|default|const)$", inner_path):
                continue
            # OpenAPI 3.1 has no "nullable".
            assert "nullable" not in inner, inner_path
            if isinstance(inner.get("type"), (str, list)):
                found = inner["type"] if isinstance(inner["type"], list) else [inner["type"]]
                assert set(found) <= types, inner_path
            if isinstance(inner.get("required"), list) and "properties" in inner:
                assert set(inner["required"]) <= set(inner["properties"]), inner_path


def test_security_names_schemes_that_exist(document):
    schemes = document["components"]["securitySchemes"]
    assert any(scheme["type"] == "http" and scheme["scheme"].lower() == "bearer" for scheme in schemes.values())
    for method, path, operation, _ in operations(document):
        for requirement in operation.get("security", document.get("security", [])):
            assert set(requirement) <= set(schemes), f"{method} {path}"


def test_every_route_is_in_the_document_with_its_documented_answers(document):
    described = {
        (method, general(path)): set(operation["responses"]) for method, path, operation, _ in operations(document)
    }
    assert set(described) == set(OPERATIONS)
    for route, statuses in OPERATIONS.items():
        assert statuses <= described[route], route


def test_Delete_Job_is_described_as_its_document_does(document):
    operation, parameters = next(
        (operation, parameters)
        for method, path, operation, parameters in operations(document)
        if (method, general(path)) == ("delete", "/ccs/api/v1/jobs")
    )
    by_name = {parameter["name"].lower(): parameter for parameter in parameters}
    assert by_name["jobid"]["required"] is True
    assert not by_name["deletejob"].get("required", False)
    assert by_name["prefer"]["in"] == "header"
    assert "content" not in resolve(document, operation["responses"]["204"])


def test_what_the_document_describes_is_served(document, anonymous):
    for method, path, _, _ in operations(document):
        response = anonymous.request(method.upper(), path.replace("{JobID}", str(uuid.uuid4())))
        assert response.status_code != 405, f"{method} {path}"
        assert "Nothing is served" not in response.text, f"{method} {path}"


def test_what_the_document_does_not_describe_is_not_served(document, anonymous):
    described = {}
    for method, path, _, _ in operations(document):
        described.setdefault(path, set()).add(method)
    for path, methods in described.items():
        for method in METHODS - methods - {"head"}:
            response = anonymous.request(method.upper(), re.sub(r"\{[^}]*\}", str(uuid.uuid4()), path))
            assert_problem(response, 405)
            allowed = {each.strip().lower() for each in response.headers["Allow"].split(",")}
            assert allowed - {"head", "options"} == methods, f"{method} {path}"


def test_operations_that_need_a_token_say_so_and_the_others_do_not(document, anonymous):
    for method, path, operation, _ in operations(document):
        needs_token = bool(operation.get("security", document.get("security", [])))
        response = anonymous.request(method.upper(), re.sub(r"\{[^}]*\}", str(uuid.uuid4()), path))
        assert (response.status_code == 401) == needs_token, f"{method} {path}"


def matches(document, schema, value):
    """Whether a value matches a schema, for the keywords that our schemas use."""
    schema = resolve(document, schema)
    if schema is True:
        return True
    for word in ("allOf",):
        if word in schema and not all(matches(document, each, value) for each in schema[word]):
            return False
    for word in ("anyOf", "oneOf"):
        if word in schema and not any(matches(document, each, value) for each in schema[word]):
            return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "const" in schema and value != schema["const"]:
        return False
    types = schema.get("type")
    if types is not None:
        kinds = {
            "string": str,
            "integer": int,
            "number": (int, float),
            "boolean": bool,
            "array": list,
            "object": dict,
            "null": type(None),
        }
        types = types if isinstance(types, list) else [types]
        if not any(
            isinstance(value, kinds[each]) and (each == "boolean" or not isinstance(value, bool)) for each in types
        ):
            return False
    if isinstance(value, dict):
        if not set(schema.get("required", [])) <= set(value):
            return False
        for name, inner in value.items():
            if name in schema.get("properties", {}):
                if not matches(document, schema["properties"][name], inner):
                    return False
            elif schema.get("additionalProperties") is False:
                return False
    if isinstance(value, list) and "items" in schema:
        return all(matches(document, schema["items"], each) for each in value)
    return True


def undescribed(document, schema, value, path=""):
    """The members of a value that its schema does not describe."""
    schema = resolve(document, schema)
    properties = dict(schema.get("properties", {}))
    for word in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(word, []):
            properties |= resolve(document, each).get("properties", {})
    if isinstance(value, dict) and properties:
        for name, inner in value.items():
            if name not in properties:
                yield f"{path}/{name}"
            else:
                yield from undescribed(document, properties[name], inner, f"{path}/{name}")
    if isinstance(value, list) and "items" in schema:
        for each in value:
            yield from undescribed(document, schema["items"], each, f"{path}/*")


def assert_described(document, answers):
    """The responses match the document."""
    described = {(method, general(path)): operation for method, path, operation, _ in operations(document)}
    for route, response in answers:
        where = f"{route}: {response.status_code} {response.text[:300]}"
        found = described[route]["responses"]
        assert str(response.status_code) in found, where
        content = resolve(document, found[str(response.status_code)]).get("content")
        if not response.content:
            assert content is None, where
            continue
        media = response.headers["Content-Type"].split(";")[0]
        assert media in content, where
        schema = content[media]["schema"]
        assert matches(document, schema, response.json()), where
        assert list(undescribed(document, schema, response.json())) == [], where


def test_answers_are_what_the_document_says(document, client, anonymous, user, directory):
    job = directory.job(user, runs=2, configuration={"JobName": "x"})
    never_run, system = directory.job(user), directory.job(None, job_type="ReportDataPurge")
    jobs, one, runs = "/ccs/api/v1/jobs", "/ccs/api/v1/jobs/{}", "/ccs/api/v1/jobs/{}/jobruns"
    tokens = ("post", "/ccs/api/v1/oauth/tokens")
    right = f"grant_type=password&username={user.name}&password={user.password}"
    answers = [
        (("get", one), client.job(job)),
        (("get", one), client.job(never_run)),
        (("get", one), client.job(system)),
        (("get", one), client.job(uuid.uuid4())),
        (("get", one), client.job("x")),
        (("get", one), client.get(f"{API}/jobs/{job.id}", headers={"If-None-Match": "*"})),
        (("get", jobs), client.get(f"{API}/jobs", params={"jobname": job.name})),
        (("get", jobs), client.get(f"{API}/jobs", params={"jobname": ""})),
        (("get", jobs), client.get(f"{API}/jobs", params={"pagesize": 1})),
        (("get", jobs), client.get(f"{API}/jobs", params={"Attributes": "x"})),
        (("get", "/ccs/api/v1/assets"), client.get(f"{API}/Assets")),
        (("get", "/ccs/api/v1/assets"), client.get(f"{API}/Assets", params={"ContainerPath": "x"})),
        (("get", "/ccs/api/v1/standards"), client.get(f"{API}/Standards", params={"page": "x"})),
        (("post", "/ccs/api/v1/results"), client.request("POST", f"{API}/Results", json={})),
        (("get", runs), client.runs(job, count=0, showmessages="true")),
        (("get", runs), client.runs(never_run)),
        (("get", runs), client.runs(job, count="x")),
        (("post", jobs), client.post(f"{API}/jobs", json={"JobType": "x"})),
        (("post", one), client.post(f"{API}/jobs/{never_run.id}", json={"Operation": "execute"})),
        (("post", one), client.post(f"{API}/jobs/{never_run.id}", json={"Operation": "execute"})),
        (("patch", jobs), client.patch(f"{API}/jobs/", json={"JobDetails": {}, "JobID": str(job.id)})),
        (("delete", jobs), client.delete("x")),
        (("delete", jobs), client.delete(system)),
        (("delete", jobs), anonymous.delete(job)),
        (("delete", jobs), client.delete(uuid.uuid4())),
        (("delete", jobs), client.delete(never_run, prefer="return=representation")),
        (("delete", jobs), client.delete(job)),
        (tokens, anonymous.token_request(right)),
        (tokens, anonymous.token_request("grant_type=password")),
        (("get", "/livez"), anonymous.get("/livez")),
        (("get", "/readyz"), anonymous.get("/readyz")),
    ]
    assert_described(document, answers)


def test_answers_about_definitions_and_results_are_what_the_document_says(document, client, directory, user, database):
    def authoring(method, body, **headers):
        return ("post" if method == client.post else "patch", "/ccs/api/v1/jobs"), method(
            f"{API}/jobs", json=body, headers=headers
        )

    def commanded(identifier, operation):
        return ("post", "/ccs/api/v1/jobs/{}"), client.post(f"{API}/jobs/{identifier}", json={"Operation": operation})

    definition, inventory = Definition(directory), Inventory(database)
    asset, standard = inventory.asset(), inventory.standard()
    evaluated = directory.job(user, runs=1)
    inventory.results(evaluated.history, evaluated.runs[0], asset, standard, [("c1", "Pass")], version="1.0")
    body = definition.body(Schedule={"RunNow": True, "RunOnce": True, "StartDate": "2019-01-05T04:10:27-08:00"})
    created = authoring(client.post, body)
    job = created[1].json()["JobID"]
    changes = {"JobDetails": {"JobDescription": "x", "Retention": {"KeepRuns": 1}}, "JobID": job}
    answers = [
        created,
        authoring(client.post, body),
        authoring(client.post, definition.body()),
        authoring(client.patch, changes),
        authoring(client.patch, changes, **{"If-Match": '"1"'}),
        authoring(client.patch, changes | {"JobID": str(uuid.uuid4())}),
        commanded(created[1].json()["JobRunID"], "abort"),
        commanded(created[1].json()["JobRunID"], "abort"),
        commanded(job, "execute"),
        commanded(uuid.uuid4(), "execute"),
        (("get", "/ccs/api/v1/jobs/{}"), client.job(job)),
        (("get", "/ccs/api/v1/assets"), client.get(f"{API}/Assets", params={"pagesize": 1})),
        (("get", "/ccs/api/v1/standards"), client.get(f"{API}/Standards", params={"pagesize": 1})),
        (
            ("post", "/ccs/api/v1/results"),
            client.post(f"{API}/Results", json={"assetid": str(asset.id), "standardid": str(standard.id)}),
        ),
        (
            ("delete", "/ccs/api/v1/jobs"),
            client.request("DELETE", f"{API}/Jobs", params={"jobid": job}, headers={"If-Match": '"1"'}),
        ),
    ]
    statuses = [response.status_code for _, response in answers]
    assert statuses == [201, 409, 201, 200, 412, 404, 200, 409, 200, 404, 200, 200, 200, 200, 412]
    assert_described(document, answers)


def test_answers_to_collectors_are_what_the_document_says(document, sign_in, anonymous, directory):
    collector = sign_in(directory.user(tasks=("Report job runs",)))
    claim = ("post", "/ccs/api/v1/jobruns/claim")
    heartbeat, complete, fail = (
        ("post", f"/ccs/api/v1/jobruns/{{}}/{action}") for action in ("heartbeat", "complete", "fail")
    )

    def post(path, client=collector, **body):
        return client.request("POST", f"{API}/jobruns/{path}", json=body)

    # The queue also has runs of other tests.
    first, second = (
        directory.run(directory.job(directory.user()), status="Queued", queued_at=f"200{n}-01-01", messages=0)
        for n in (1, 2)
    )
    claimed = post("claim", Count=2)
    leases = {run["JobRunID"]: run["Lease"] for run in claimed.json()["JobRuns"]}
    assert set(leases) == {str(first), str(second)}
    answers = [
        (claim, claimed),
        (claim, post("claim", Count=0, Other=1)),
        (claim, post("claim", client=anonymous)),
        (claim, post("claim", client=sign_in(directory.user()))),
        (heartbeat, post(f"{first}/heartbeat", Lease=leases[str(first)])),
        (heartbeat, post(f"{first}/heartbeat", Lease=str(uuid.uuid4()))),
        (heartbeat, post(f"{uuid.uuid4()}/heartbeat", Lease=str(uuid.uuid4()))),
        (complete, post(f"{first}/complete")),
        (complete, post(f"{first}/complete", Lease=leases[str(first)])),
        (complete, post(f"{second}/complete", Lease=leases[str(first)])),
        (fail, post(f"{second}/fail", Lease=leases[str(second)], Message="x")),
        (fail, post(f"{first}/fail", Lease=leases[str(first)])),
        (fail, post("x/fail", Lease=leases[str(first)])),
    ]
    assert_described(document, answers)
