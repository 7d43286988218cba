"""Helpers of the tests of bad input."""

from harness.raw_http import exchange

MILLION = 1_000_000
UNKNOWN = "754F7C7E-884A-4420-AF72-1FED35D3EFC1"


def bearer(client):
    return f"Authorization: Bearer {client.token}"


def answer_of(server, data, method="GET", **options):
    answer = exchange(server, data, method, **options)
    assert answer is not None, "the connection was closed without an answer"
    return answer
