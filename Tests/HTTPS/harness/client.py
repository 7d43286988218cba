"""A client of the API: a session of `requests` with a bearer token."""

import http.client
import uuid

import requests

API = "/ccs/api/v1"


class Client:
    def __init__(self, server, token=None):
        self.server = server
        self.token = token
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(server.certificate.certificate)

    def request(self, method, path, authorized=True, timeout=30, **options):
        headers = dict(options.pop("headers", None) or {})
        if authorized and self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.session.request(
            method, self.server.url + path, headers=headers, timeout=timeout, allow_redirects=False, **options
        )

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)

    def patch(self, path, **options):
        return self.request("PATCH", path, **options)

    def delete(self, *jobs, prefer=None, **parameters):
        """Delete Job, for one or more jobs; `parameters` are further query parameters."""
        headers = {"Prefer": prefer} if prefer else {}
        query = {"jobid": ",".join(identifier(job) for job in jobs), **parameters}
        return self.request("DELETE", f"{API}/Jobs", params=query, headers=headers)

    def job(self, job):
        return self.get(f"{API}/jobs/{identifier(job)}")

    def runs(self, job, **parameters):
        return self.get(f"{API}/Jobs/{identifier(job)}/jobruns", params=parameters)

    def verbatim(self, method, target):
        """A request whose target is sent unchanged: `requests` would correct an invalid percent-encoding."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.server.port, timeout=30, context=self.server.tls_context()
        )
        try:
            connection.request(method, target, headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            response = requests.Response()
            response.status_code = answer.status
            response.headers.update(answer.getheaders())
            response._content = answer.read()
            return response
        finally:
            connection.close()

    def sign_in(self, user):
        """The password grant, unencoded as known clients send it. Returns the members of the response."""
        response = self.token_request(f"grant_type=password&username={user.name}&password={user.password}")
        assert response.status_code == 200, response.text
        self.token = response.json()["access_token"]
        return response.json()

    def token_request(self, body, content_type="application/json", **options):
        headers = {"Content-Type": content_type} if content_type else {}
        return self.request(
            "POST",
            f"{API}/oauth/tokens",
            authorized=False,
            data=body.encode() if isinstance(body, str) else body,
            headers=headers,
            **options,
        )

    def refresh(self, refresh_token):
        return self.token_request(f"grant_type=refresh_token&refresh_token={refresh_token}")

    def revoke(self, token):
        return self.request("POST", f"{API}/oauth/revoke", authorized=False, data={"token": token})


def identifier(job):
    return str(getattr(job, "id", job))


def assert_problem(response, status, detail=None):
    """The response is a problem (RFC 9457) with the documented text, and its identifier equals X-Request-ID."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    assert response.headers["Content-Type"].split(";")[0] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "about:blank"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["requestId"] == response.headers["X-Request-ID"]
    uuid.UUID(problem["requestId"])
    if detail is not None:
        assert problem["detail"] == detail
    if status == 401:
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    if status in (429, 503):
        assert int(response.headers["Retry-After"]) >= 1
    return problem


def assert_token_error(response, error, status=400):
    """The response is an error as of RFC 6749, section 5.2."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    assert response.headers["Content-Type"].split(";")[0] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json()["error"] == error
    assert "access_token" not in response.json()
    return response.json()
