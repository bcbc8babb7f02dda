"""A server for each test, or one for a whole file of tests that do not move its clock."""

import os
import random

import pytest

from api import Api
from catalog import client
from disk import Disk
from server import BINARY, Server


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: measures time or memory, so nothing else may run beside it")
    if not os.access(BINARY, os.X_OK):
        raise pytest.UsageError(f"there is no tollgate at {BINARY}: build it first, or name it in TOLLGATE_BINARY")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of the log of every server it used."""
    report = (yield).get_result()
    if report.failed:
        for server in (value for value in item.funcargs.values() if isinstance(value, Server)):
            report.sections.append((f"log of {server.data}", server.log_tail()))


@pytest.fixture
def server(tmp_path):
    """A running server on an empty directory. After the test it must stop cleanly and its journal give its state."""
    server = Server(tmp_path / "data").start()
    yield server
    if server.running:
        server.stop()
    server.verify()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    """One server for all tests of a file."""
    server = Server(tmp_path_factory.mktemp("shared") / "data").start()
    yield server
    server.stop()
    server.verify()


@pytest.fixture
def api(server) -> Api:
    return server.api


@pytest.fixture
def shared(shared_server) -> Api:
    return shared_server.api


@pytest.fixture
def sdk(server):
    """The official SDK on the test's own server."""
    sdk = client(server.url)
    yield sdk
    sdk.shutdown()


@pytest.fixture
def disk(tmp_path):
    """A disk that fails on command, for a server that is started on it."""
    return Disk(tmp_path)


@pytest.fixture
def rng():
    """Random choices that can be repeated: TOLLGATE_SEED takes the seed that a failed test printed."""
    seed = int(os.environ.get("TOLLGATE_SEED", random.randrange(2**32)))
    print(f"TOLLGATE_SEED={seed}")
    return random.Random(seed)
