"""A disk that is full or broken: who waits is told, nothing of it counts, checks go on, and service comes back."""

import errno
import os
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from api import Api, event
from disk import FAULTS, SYNC
from server import BINARY, Server, environment

COMPANY = "acme"
LIMIT = 1_000_000
SMALL_MAP = 256 << 10


@pytest.fixture
def server(tmp_path, disk):
    """A server on a disk that works until told otherwise, with a company that may make calls."""
    # Lost pages must be known before the sync that loses them.
    disk.loses(True)
    server = Server(tmp_path / "data", options=["--journal-tail", "65536"], preload=disk.preload).start()
    set_up(server.api)
    yield server
    disk.work()
    if server.running:
        server.stop()
    server.verify()


def set_up(api: Api):
    plan = api.free_plan("Free", (api.feature("call"), {"value_type": "numeric", "value_numeric": LIMIT}))
    api.subscribed(COMPANY, plan)


def requests(round: int) -> list:
    """One of each kind that writes: path, body, and how many calls it counts."""
    return [
        ("/batch", {"events": [event("call", COMPANY, key=f"{round}-{index}") for index in range(500)]}, 500),
        ("/batch", {"events": [event("call", f"new-{round}", key=f"new-{round}")]}, 0),
        ("/events", event("call", COMPANY, key=f"{round}-single"), 1),
        ("/usage/consume", {
            "company": {"id": COMPANY}, "event": "call", "quantity": 7, "idempotency_key": f"{round}-consume"}, 7),
        ("/companies", {"keys": {"id": f"made-{round}"}, "name": "Made"}, 0),
    ]


def send_all(server: Server, work: list) -> list:
    """All of them at once, each on a connection of its own."""
    def send(request):
        api = Api(server.url, server.key)
        try:
            return api.send("POST", request[0], request[1])
        finally:
            api.close()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(send, work))


def expect_told(answer):
    assert answer.status_code == 503, f"{answer.status_code} {answer.text}"
    assert answer.headers["retry-after"] == "1"
    assert len(answer.json()["error"].split()) > 3, "an error is a sentence"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_and_passes(server, disk, fault):
    api, pid = server.api, server.process.pid
    api.track(event("call", COMPANY, 5, key="before"))
    known = api.consume(COMPANY, "call", key="kept")
    counted = 6
    for round in range(2):
        work = requests(round)
        before = metric(api, "tollgate_commit_failures_total")
        with disk.failing(*FAULTS[fault]):
            for answer in send_all(server, work):
                expect_told(answer)
            assert api.usage(COMPANY, "call") == counted, "what failed was taken back"
            assert api.check("call", COMPANY)["feature_usage"] == counted, "checks go on"
            assert api.send("GET", "/health").status_code == api.send("GET", "/ready").status_code == 200
            assert metric(api, "tollgate_commit_failures_total") > before
            # Still broken: what was known before is no less known.
            again = api.send("POST", "/batch", {"events": [event("call", COMPANY, 5, key="before")]})
            assert again.status_code == 503 or again.json()["data"]["duplicates"] == 1
        for (path, _, _), answer in zip(work, send_all(server, work)):
            assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
            if path == "/batch":
                data = answer.json()["data"]
                assert data["duplicates"] == 0 and data["accepted"] > 0, "the keys were taken back"
        counted += sum(count for _, _, count in work)
        assert api.usage(COMPANY, "call") == counted
        for answer in send_all(server, work):
            assert answer.is_success
        assert api.usage(COMPANY, "call") == counted, "once more counts nothing more"
    assert api.consume(COMPANY, "call", key="kept") == known
    assert api.batch(event("call", COMPANY, 5, key="before"))["duplicates"] == 1
    assert disk.failed > 0 and server.process.pid == pid, "the same process all along"

    server.kill()
    server.start()
    assert server.api.usage(COMPANY, "call") == counted


def test_faults_that_come_and_go_under_load(server, disk, rng):
    """Whatever fails while commits follow each other, everything is told or counted, and counted once."""
    over, sent, told, faults = threading.Event(), [], [], []

    def work(worker: int):
        api, number = Api(server.url, server.key), 0
        try:
            while not over.is_set():
                events = [event("call", COMPANY, key=f"{worker}-{number}-{index}") for index in range(50)]
                while not (answer := api.send("POST", "/batch", {"events": events})).is_success:
                    expect_told(answer)
                    told.append(answer)
                data = answer.json()["data"]
                assert data["accepted"] + data["duplicates"] == 50
                sent.append(50)
                number += 1
        except BaseException as fault:
            faults.append(fault)
        finally:
            api.close()

    def check():
        """Whatever is taken back, an answer never lacks what was acknowledged before the question."""
        api = Api(server.url, server.key)
        try:
            while not over.is_set():
                least = sum(sent)
                assert api.check("call", COMPANY)["feature_usage"] >= least
                assert api.usage(COMPANY, "call") >= least
        except BaseException as fault:
            faults.append(fault)
        finally:
            api.close()

    workers = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    workers += [threading.Thread(target=check) for _ in range(2)]
    for worker in workers:
        worker.start()
    ends = time.monotonic() + float(os.environ.get("TOLLGATE_FAULT_SECONDS", 4))
    while (time.monotonic() < ends or not (told and sent)) and not faults:
        calls, error, *loses = FAULTS[rng.choice(list(FAULTS))]
        disk.fail(calls, error, True)
        time.sleep(rng.uniform(0, 0.05))
        disk.work()
        time.sleep(rng.uniform(0, 0.1))
    over.set()
    for worker in workers:
        worker.join()
    assert not faults, faults[0]
    print(f"{len(sent)} batches acknowledged, {len(told)} told to come again, {disk.failed} calls failed")
    assert told and sent
    assert server.api.usage(COMPANY, "call") == sum(sent)
    server.kill()
    server.start()
    assert server.api.usage(COMPANY, "call") == sum(sent)


def test_a_start_on_a_disk_that_cannot_sync_is_refused(server, disk):
    server.kill()
    with disk.failing(SYNC, errno.EIO):
        done = subprocess.run(
            [BINARY, "serve", "--data", str(server.data), "--port", "0"], capture_output=True, text=True, timeout=60,
            env=environment(server.key) | disk.preload)
    assert done.returncode == 75 and "input/output error" in done.stderr, f"{done.returncode} {done.stderr}"


def test_a_full_file_system(tmp_path):
    """Without pretending: a file system of 5 MiB."""
    mount = tmp_path / "full"
    mount.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=5m", "none", str(mount)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    server = Server(mount / "data")
    server.log = tmp_path / "full.log"
    try:
        server.start()
        set_up(server.api)
        full, counted, batch = None, 0, 0
        while full is None:
            events = [event("call", COMPANY, key=f"{batch}-{index}-{'x' * 200}") for index in range(1000)]
            answer = server.api.send("POST", "/batch", {"events": events})
            if answer.is_success:
                counted += 1000
                batch += 1
            else:
                full = events
                expect_told(answer)
            assert batch < 100, "5 MiB are full"
        for _ in range(3):
            expect_told(server.api.send("POST", "/batch", {"events": full}))
            assert server.api.usage(COMPANY, "call") == counted
            assert server.api.check("call", COMPANY)["value"] is True
        subprocess.run(["mount", "-o", "remount,size=64m", str(mount)], check=True)
        assert server.api.batch(*full)["accepted"] == 1000
        assert server.api.usage(COMPANY, "call") == counted + 1000
        server.stop()
        server.verify()
    finally:
        if server.running:
            server.kill()
        subprocess.run(["umount", "-l", str(mount)], check=True)


def test_the_map_grows_while_everybody_reads_and_writes(tmp_path):
    server = Server(tmp_path / "data", options=["--map", str(SMALL_MAP)]).start()
    set_up(server.api)
    over, faults, slowest = threading.Event(), [], []

    def read():
        api, longest = Api(server.url, server.key), 0
        try:
            while not over.is_set():
                started = time.monotonic()
                assert api.check("call", COMPANY)["value"] is True
                assert len(api.get("/companies")) == 1
                api.get("/events", limit=100)
                longest = max(longest, time.monotonic() - started)
        except BaseException as fault:
            faults.append(fault)
        finally:
            slowest.append(longest)
            api.close()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    batches = 20
    for batch in range(batches):
        server.api.track(*[event("call", COMPANY, key=f"{batch}-{index}-{'x' * 200}") for index in range(500)])
    over.set()
    for reader in readers:
        reader.join()
    assert not faults, faults[0]
    assert metric(server.api, "tollgate_store_limit_bytes") >= 8 * SMALL_MAP
    assert server.api.usage(COMPANY, "call") == 500 * batches
    assert max(slowest) < 5, "readers go on"
    server.stop()
    server.verify()


def metric(api: Api, name: str) -> float:
    text = api.send("GET", "/metrics").text
    (value,) = [line.split()[1] for line in text.splitlines() if line.split(" ")[0] == name]
    return float(value)
