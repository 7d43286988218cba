"""Waiting for a condition, with a deadline that only a failing test reaches."""

import time


def eventually(condition, seconds=30.0, what="the condition holds", pause=0.02):
    """Returns the first true value of `condition`; fails after `seconds`, naming what it waited for."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(pause)
