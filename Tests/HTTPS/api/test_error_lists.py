"""Bodies of which nearly everything is wrong."""

import pytest

from harness.client import API, assert_problem

MANY_MEMBERS = {f"m{number}": 1 for number in range(70_000)}


@pytest.mark.parametrize("path", ["/Jobs", "/Results"])
def test_of_70000_errors_the_first_hundred_are_listed_and_the_others_counted(client, path):
    response = client.request("POST", f"{API}{path}", json=MANY_MEMBERS)
    problem = assert_problem(response, 400)
    assert len(problem["errors"]) == 100
    assert problem["moreErrors"] >= 69_900
    assert len(response.content) < 60_000


@pytest.mark.parametrize("path", ["/Jobs", "/Results", "/jobruns/claim"])
def test_a_large_body_of_somebody_who_may_not_send_it_is_not_decoded(sign_in, directory, path):
    nobody = sign_in(directory.user(tasks=(), folders=()))
    assert "errors" not in assert_problem(nobody.request("POST", f"{API}{path}", json=MANY_MEMBERS), 403)
