"""A thousand clients: how soon they hear of a change, and what that costs those who send events.

`make stream-test` is the long form, with a fast server: it prints what docs/performance.md shows."""

import json
import multiprocessing
import os
import selectors
import threading
import time
from pathlib import Path

import pytest

from api import event
from stream import PATIENCE
from test_stream import PER_MONTH, Raw

pytestmark = pytest.mark.alone

CLIENTS = int(os.environ.get("TOLLGATE_STREAM_CLIENTS", 1000))
ROUNDS = int(os.environ.get("TOLLGATE_STREAM_ROUNDS", 3))
# On a busy machine, with a server that was not made to be fast.
BOUND = float(os.environ.get("TOLLGATE_STREAM_BOUND", 2.0))
SECONDS = float(os.environ.get("TOLLGATE_STREAM_SECONDS", 1))


def start(entity: str, **keys) -> bytes:
    return json.dumps({"data": {"action": "start", "entity_type": f"rulesengine.{entity}", "keys": keys}}).encode()


class Crowd:
    """Clients that note when they hear something, and look at nothing else."""

    def __init__(self, server, questions: list[bytes]):
        # A key of its own, so that nobody is told what the crowd before had asked for.
        key = server.api.post("/api-keys", {"name": "crowd", "kind": "secret"})["key"]
        self.selector = selectors.EpollSelector()
        self.clients = []
        for question in questions:
            raw = Raw(server, X_Schematic_Api_Key=key)
            raw.send(1, question)
            raw.frame()
            raw.socket.setblocking(False)
            self.selector.register(raw.socket, selectors.EVENT_READ, len(self.clients))
            self.clients.append(raw)

    def heard(self, after) -> list[float]:
        """When each client heard first of what `after` changes, in seconds after the change was acknowledged."""
        arrivals = {}
        done = []
        changing = threading.Thread(target=lambda: (after(), done.append(time.perf_counter())))
        deadline = time.perf_counter() + PATIENCE
        changing.start()
        while len(arrivals) < len(self.clients):
            assert time.perf_counter() < deadline, f"{len(arrivals)} of {len(self.clients)} clients heard of it"
            for key, _ in self.selector.select(1):
                key.fileobj.recv(1 << 16)
                arrivals.setdefault(key.data, time.perf_counter())
        changing.join()
        self.drain(0.05)
        return [max(0, arrival - done[0]) for arrival in arrivals.values()]

    def drain(self, silence: float):
        while ready := self.selector.select(silence):
            for key, _ in ready:
                key.fileobj.recv(1 << 16)

    def close(self):
        self.selector.close()
        for raw in self.clients:
            raw.file.close()
            raw.socket.close()


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@pytest.fixture
def companies(api):
    call = api.feature("call")
    plan = api.free_plan("Plan", (call, {**PER_MONTH, "value_numeric": 1_000_000}))
    api.post("/plan-groups", {
        "initial_plan_id": plan.id, "add_on_ids": [], "ordered_add_ons": [], "ordered_plans": [{"plan_id": plan.id}]})
    names = [f"company-{number}" for number in range(CLIENTS)]
    for at in range(0, CLIENTS, 1000):
        api.track(*(event("call", name) for name in names[at:at + 1000]))
    return names


@pytest.mark.parametrize("whom", ["one company", "a company each", "flags"])
def test_a_thousand_clients_hear_of_a_change_at_once(server, api, companies, whom):
    everybody = [event("call", name) for name in companies]
    flags = api.get("/flags")

    def rules(round: int):
        api.put(f"/flags/{flags[0]['id']}/rules", {"rules": [{
            "name": f"round {round}", "rule_type": "default", "priority": 1, "value": True, "conditions": [],
            "condition_groups": []}]})

    questions, change = {
        "one company": ([start("Company", id=companies[0])] * CLIENTS, lambda round: api.track(everybody[0])),
        "a company each": (
            [start("Company", id=name) for name in companies], lambda round: api.track(*everybody)),
        "flags": ([start("Flags")] * CLIENTS, rules),
    }[whom]
    crowd = Crowd(server, questions)
    delays = []
    for round in range(ROUNDS):
        delays += crowd.heard(lambda: change(round))
    crowd.close()
    print(f"\n{CLIENTS} clients, {whom}: heard after the answer to the change, in ms: "
          f"median {1000 * percentile(delays, 0.5):.1f}, p99 {1000 * percentile(delays, 0.99):.1f}, "
          f"last {1000 * max(delays):.1f}")
    assert percentile(delays, 0.99) < BOUND


def test_those_who_send_events_hardly_notice(server, api, companies):
    """Batches for a thousand companies in turns: alone, beside clients that follow others, and beside clients that
    follow each of these companies."""
    events = [event("call", companies[number % CLIENTS]) for number in range(2000)]
    others = [f"other-{number}" for number in range(CLIENTS)]
    for at in range(0, CLIENTS, 1000):
        api.track(*(event("call", name) for name in others[at:at + 1000]))
    body = json.dumps({"events": events}).encode()

    def work() -> tuple[float, float]:
        """Events per second, and microseconds of the server's processor time for each."""
        sent, began, busy = 0, time.perf_counter(), processor_seconds(server)
        while time.perf_counter() - began < SECONDS:
            assert api.send("POST", "/batch", content=body).is_success
            sent += len(events)
        return sent / (time.perf_counter() - began), 1e6 * (processor_seconds(server) - busy) / sent

    work()
    rows = {"alone": [], "others": [], "these": []}
    for _ in range(ROUNDS):
        rows["alone"].append(work())
        for name, followed in (("others", others), ("these", companies)):
            crowd = Crowd(server, [start("Company", id=company) for company in followed])
            # Somebody else reads what they are told, as on a machine of their own.
            reader = multiprocessing.get_context("fork").Process(target=crowd.drain, args=(3600,), daemon=True)
            reader.start()
            rows[name].append(work())
            reader.kill()
            reader.join()
            crowd.close()
            time.sleep(0.2)
    print(f"\n{CLIENTS} clients beside batches of {len(events)} events")
    ratios = {}
    for name, row in rows.items():
        ratios[name] = percentile([rate / alone for (rate, _), (alone, _) in zip(row, rows["alone"])], 0.5)
        print(f"{name:>8}: {percentile([rate for rate, _ in row], 0.5):,.0f} events/s, "
              f"{percentile([micros for _, micros in row], 0.5):.2f} µs of processor time each, "
              f"median of the ratios {ratios[name]:.2f}")
    assert ratios["others"] > 0.5 and ratios["these"] > 0.1


def processor_seconds(server) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
