"""Jobs with schedules, in a separate database."""

import pytest

from harness.schedules import Schedules


@pytest.fixture
def schedules(new_database, directory_of):
    database = new_database()
    return Schedules(database, directory_of(database))
