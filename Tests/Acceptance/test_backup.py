"""A backup of a server at work is a data directory as of one moment, and names that moment."""

import re
import threading
import time

from api import Api, event
from server import SECRET_KEY, Server, tollgate

COMPANY, BATCH, PATIENCE = "acme", 100, 60


def test_backups_under_load_are_whole_and_name_their_position(server, tmp_path):
    call = server.api.feature("call")
    server.api.subscribed(COMPANY, server.api.free_plan("Free", (call, {"value_type": "unlimited"})))
    over, acknowledged, faults = threading.Event(), [], []

    def load(worker: int):
        api, number = Api(server.url, SECRET_KEY), 0
        try:
            while not over.is_set():
                number += 1
                api.track(*[event("call", COMPANY, key=f"{worker}-{number}-{index}") for index in range(BATCH)])
                acknowledged.append(BATCH)
        except BaseException as fault:
            faults.append(fault)
        finally:
            api.close()

    workers = [threading.Thread(target=load, args=(worker,)) for worker in range(4)]
    for worker in workers:
        worker.start()
    copies, position = [], 0
    for number in range(3):
        # A backup can be quicker than a commit: each waits for events after the one before.
        answered, ends = len(acknowledged), time.monotonic() + PATIENCE
        while len(acknowledged) == answered and not faults and time.monotonic() < ends:
            time.sleep(0.01)
        target, before = tmp_path / f"copy-{number}", sum(acknowledged)
        done = tollgate("backup", "--data", str(server.data), "--to", str(target))
        named = int(re.search(r"journal position (\d+)", done.stdout)[1])
        assert named > position, "the server went on between the backups"
        position = named
        copies.append((target, named, before, sum(acknowledged) + len(workers) * BATCH))
    over.set()
    for worker in workers:
        worker.join()
    assert not faults, faults[0]
    assert server.api.usage(COMPANY, "call") == sum(acknowledged)

    for target, named, least, most in copies:
        verified = tollgate("verify", "--data", str(target))
        assert int(re.search(r"journal position (\d+)", verified.stdout)[1]) == named
        restored = Server(target).start()
        metrics = restored.api.send("GET", "/metrics").text
        assert re.search(r"^tollgate_journal_position (\d+)$", metrics, re.M)[1] == str(named)
        counted = restored.api.usage(COMPANY, "call")
        assert least <= counted <= most and counted % BATCH == 0, "as of one moment while the backup ran"
        # It is a store like any other: what it holds is known, what it lacks is new.
        restored.api.track(event("call", COMPANY, key="only here"))
        assert restored.api.usage(COMPANY, "call") == counted + 1
        restored.stop()
        restored.verify()
    again = tollgate("backup", "--data", str(server.data), "--to", str(copies[0][0]), expected=1)
    assert "exists already" in again.stderr
