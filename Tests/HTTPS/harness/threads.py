"""Calls in threads of their own."""

import threading
from concurrent.futures import ThreadPoolExecutor


def at_once(*calls):
    """Runs the calls in threads that start together; their results in order."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def in_background(call):
    """Runs the call in a thread. Returns a function that waits for its result, and has `done()`."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(call)
    pool.shutdown(wait=False)

    def result():
        return future.result(timeout=60)

    result.done = future.done
    return result
