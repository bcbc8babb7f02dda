"""kill -9 at random moments: what was acknowledged is there, nothing counts twice, a close gives the same invoices.

TOLLGATE_CRASHES says how often: `make crash-test` does it 200 times.
"""

import os
import random
import shutil
import threading
import time
from collections import Counter

import httpx
import pytest

from api import Api, event
from disk import Disk
from server import Server

CRASHES = int(os.environ.get("TOLLGATE_CRASHES", 10))
CRASHES_OF_A_CLOSE = max(3, CRASHES // 20)
START = "2026-03-01T00:00:00Z"


# A life --------------------------------------------------------------------------------------------------------------

WORKERS, COMPANIES, SEATS = 6, 12, 25
# So small that nearly every commit brings a part of the usage table up to date: kills fall into that, too.
OPTIONS = ["--journal-tail", "65536"]


class Life:
    """A server that is killed again and again, and what was asked of it: each thing until it is acknowledged.

    A round is a month. Only when all of it is acknowledged does the clock move on: keys repeat within their day.
    """

    def __init__(self, server: Server, disk: Disk, rng):
        self.server, self.disk, self.rng = server, disk, rng
        self.kills, self.cuts, self.goal = 0, 0, 0
        self.resent = 0
        self.counting = threading.Lock()
        self.turn = threading.Lock()  # Held by the killer while there is no server, and by whoever needs one.
        self.faults = []
        self.called, self.roomed = Counter(), Counter()
        self.events, self.seats, self.answers = {}, {}, {}
        self.plan_of, self.trait_of = {}, {}

    def set_up(self):
        api = self.server.api
        api.clock(START)
        # The same events twice: all that were ever counted, and those that each month bills.
        call, billed, seat = api.feature("call"), api.feature("billed", event_subtype="call"), api.feature("seat")
        room = api.feature("room")
        self.plans = [
            api.plan(name, [
                (call, {"value_type": "numeric", "value_numeric": 10**12, "metric_period": "all_time"}),
                (billed, {"value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": 3}),
                (seat, {"value_type": "numeric", "value_numeric": SEATS, "metric_period": "current_month"}),
                (room, {"value_type": "numeric", "value_numeric": 10**12, "metric_period": "all_time"}),
            ], monthly_price=1000) for name in ("Old", "New")]
        api.trait("lives")
        self.companies = [api.subscribed(f"company-{index}", self.plans[0]) for index in range(COMPANIES)]

    # Killing -----------------------------------------------------------------------------------------------------

    def kill(self, until):
        """Kills and starts the server until the goal is reached or `until` is set."""
        while self.kills < self.goal and not until.wait(self.rng.uniform(0, 0.4)):
            with self.turn:
                if self.rng.random() < 0.5:
                    self.cut_power()
                self.server.kill()
                self.kills += 1
                if self.rng.random() < 0.2:
                    # A start does not always get to its end.
                    self.server.start(waiting=False)
                    time.sleep(self.rng.uniform(0, 0.1))
                    self.server.kill()
                    self.kills += 1
                if self.kills % 10 == 0:
                    self.server.verify()
                self.server.start()
        until.wait()

    def cut_power(self):
        """Like a kill in the middle of a commit, but what was not synced is gone, too."""
        self.disk.cut_power(self.rng.randint(1, 12))
        ends = time.monotonic() + 2
        while self.server.running and time.monotonic() < ends:
            time.sleep(0.002)
        self.cuts += not self.server.running
        self.disk.work()

    def insist(self, api: Api | None, method: str, path: str, body: dict) -> tuple[Api, dict]:
        """Sends until there is an answer, which must be a success."""
        while True:
            if api is None:
                with self.turn:
                    api = Api(self.server.url, self.server.key)
            try:
                answer = api.send(method, path, body)
                assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
                return api, answer.json()["data"]
            except httpx.TransportError:
                self.resent += 1
                api.close()
                api = None

    # Living ------------------------------------------------------------------------------------------------------

    def month(self, number: int):
        """One round: all workers at once, and the killer beside them; then the clock moves on, killed as well."""
        over = threading.Event()
        killer = threading.Thread(target=self.watch, args=(self.kill, over))
        workers = [
            threading.Thread(target=self.watch, args=(self.work, worker, random.Random(self.rng.random())))
            for worker in range(WORKERS)]
        for thread in [killer, *workers]:
            thread.start()
        for worker in workers:
            worker.join()
        if not self.faults:
            self.watch(self.move_clock, first_of_month(number + 1))
        over.set()
        killer.join()
        assert not self.faults, self.faults[0]

    def watch(self, body, *arguments):
        try:
            body(*arguments)
        except BaseException as fault:
            self.faults.append(fault)

    def move_clock(self, to: str):
        api, _ = self.insist(None, "PUT", "/test-clock", {"now": to})
        api.close()

    def work(self, worker: int, rng):
        api = None
        own = [index for index in range(COMPANIES) if index % WORKERS == worker]
        for step in range(12):
            key = f"{worker}-{rng.randrange(2**60):x}"
            index = rng.randrange(COMPANIES)
            company = {"id": f"company-{index}"}
            match rng.choice([
                    "batch", "batch", "event", "event", "seat", "seat", "seat", "room", "room", "plan", "trait",
                    "again"]):
                case "batch":
                    events = [
                        event("call", f"company-{rng.randrange(COMPANIES)}", rng.randint(1, 9), key=f"{key}-{place}")
                        for place in range(100)]
                    api, answer = self.insist(api, "POST", "/batch", {"events": events})
                    assert answer["accepted"] + answer["duplicates"] == 100 and not answer["conflicts"], answer
                    self.events[key] = events
                case "event":
                    sent = event("call", company["id"], rng.randint(1, 9), key=key)
                    api, _ = self.insist(api, "POST", "/events", sent)
                    self.events[key] = [sent]
                case "seat":
                    body = {"company": company, "event": "seat", "idempotency_key": key}
                    api, self.answers[key] = self.insist(api, "POST", "/usage/consume", body)
                    self.seats[key] = body
                case "room":
                    body = {"company": company, "event": "room", "quantity": rng.randint(1, 9), "idempotency_key": key}
                    api, held = self.insist(api, "POST", "/usage/reserve", body)
                    path = f"/usage/reservations/{held['id']}"
                    match rng.choice(["commit", "release", "leave"]):
                        case "commit":
                            used = {"quantity": rng.randint(0, held["quantity"])}
                            api, told = self.insist(api, "PUT", f"{path}/commit", used)
                            with self.counting:
                                self.roomed[company["id"]] += told["committed"]
                            assert told["committed"] == used["quantity"]
                            api, again = self.insist(api, "PUT", f"{path}/commit", used)
                            assert again == told
                        case "release":
                            api, told = self.insist(api, "PUT", f"{path}/release", {})
                            assert told["status"] == "released"
                        case "leave":
                            api, told = self.insist(api, "GET", path, None)
                            assert told["status"] == "held"
                case "plan":
                    index, plan = rng.choice(own), rng.choice(self.plans)
                    api, answer = self.insist(api, "POST", "/manage-plan", {
                        "company_id": self.companies[index]["id"], "base_plan_id": plan.id, "add_on_selections": [],
                        "credit_bundles": [], "custom_field_values": [], "pay_in_advance_entitlements": []})
                    assert answer["success"], answer
                    self.plan_of[index] = plan.id
                case "trait":
                    index = rng.choice(own)
                    self.trait_of[index] = self.trait_of.get(index, 0) + 1
                    api, _ = self.insist(api, "POST", "/companies", {
                        "keys": {"id": f"company-{index}"}, "traits": {"lives": self.trait_of[index]}})
                case "again" if self.events and self.seats:
                    events = self.events[rng.choice(list(self.events))]
                    api, answer = self.insist(api, "POST", "/batch", {"events": events})
                    assert answer["duplicates"] == len(events), answer
                    seat = rng.choice(list(self.answers))
                    api, answer = self.insist(api, "POST", "/usage/consume", self.seats[seat])
                    assert answer == self.answers[seat]
        if api:
            api.close()

    # Looking -----------------------------------------------------------------------------------------------------

    def check_month(self):
        """All is acknowledged: the counts are what was sent, and what was told still holds."""
        for events in self.events.values():
            for sent in events:
                self.called[sent["body"]["company"]["id"]] += sent["body"]["quantity"]
        wanted, allowed = Counter(), Counter()
        for key, answer in self.answers.items():
            company = self.seats[key]["company"]["id"]
            wanted[company] += 1
            allowed[company] += answer["allowed"]
        assert allowed == Counter({company: min(SEATS, count) for company, count in wanted.items()})
        self.events, self.seats, self.answers = {}, {}, {}

        api = self.server.api
        for index, company in enumerate(self.companies):
            assert api.usage(f"company-{index}", "call") == self.called[f"company-{index}"]
            # The clock has moved on: what was left has expired.
            room = api.consume(f"company-{index}", "room", 10**13)
            assert (room["usage"], room["reserved"]) == (self.roomed[f"company-{index}"], 0)
            if index in self.plan_of:
                assert api.get(f"/companies/{company['id']}")["plan"]["id"] == self.plan_of[index]
            if index in self.trait_of:
                assert api.get(f"/companies/{company['id']}")["traits"]["lives"] == self.trait_of[index]

    def check_invoices(self, months: int):
        """Each number once, each company's month once, and every call billed once."""
        found = self.server.api.invoices()
        numbers = sorted(invoice["number"] for invoice in found if invoice["number"])
        assert numbers == [f"INV-{number:06}" for number in range(1, len(numbers) + 1)]
        billed, ended = Counter(), Counter()
        names = {company["id"]: f"company-{index}" for index, company in enumerate(self.companies)}
        for invoice in found:
            for line in invoice["lines"]:
                if line["line_type"] in ("usage", "correction"):
                    billed[names[invoice["company_id"]]] += line["quantity"]
                    ended[names[invoice["company_id"]], line["period_end"]] += line["line_type"] == "usage"
        assert billed == self.called
        assert set(ended.values()) == {1} and len(ended) == months * COMPANIES


def first_of_month(number: int) -> str:
    """Two hours into a month, so that drafts of the month before have become invoices."""
    year, month = divmod(number + 2, 12)
    return f"{2026 + year}-{month + 1:02}-01T02:00:00Z"


def test_whatever_kills_the_server_everything_happens_once(tmp_path, rng):
    disk = Disk(tmp_path)
    disk.loses(True)
    server = Server(tmp_path / "data", options=OPTIONS, preload=disk.preload).start()
    life = Life(server, disk, rng)
    life.set_up()
    months = 0
    while life.kills < CRASHES:
        life.goal = min(CRASHES, life.kills + rng.randint(2, 6))
        life.month(months)
        months += 1
        life.check_month()
    print(f"{life.kills} kills in {months} months, {life.cuts} with the power; {life.resent} requests were sent again")
    assert life.resent > 0
    life.check_invoices(months)
    server.stop()
    server.verify()


# A close -------------------------------------------------------------------------------------------------------------

SUBSCRIBED = 220
TARGET = "2026-04-15T12:00:00Z"


@pytest.fixture
def before_the_close(tmp_path, rng):
    """The directory of a stopped server with 220 subscribed companies, most with usage, none closed yet."""
    server = Server(tmp_path / "before").start()
    server.api.clock(START)
    plan = server.api.plan("Metered", [(server.api.feature("call"), {
        "value_type": "unlimited", "price_behavior": "tier", "tier_mode": "graduated", "monthly_price_tiers": [
            {"up_to": 100, "per_unit_price": 10}, {"per_unit_price_decimal": "2.5"}]})], monthly_price=1000)
    zones = ["UTC", "America/New_York", "Asia/Kolkata"]
    for index in range(SUBSCRIBED):
        server.api.subscribed(f"company-{index}", plan, timezone=zones[index % len(zones)])
    used = [index for index in range(SUBSCRIBED) if index % 7]
    server.api.track(*[event("call", f"company-{index}", rng.randint(1, 1000)) for index in used])
    server.stop()
    return server.data


def copy(data, name: str) -> Server:
    target = data.with_name(name)
    shutil.copytree(data, target)
    return Server(target)


def test_a_close_that_is_killed_anywhere_gives_the_same_invoices(before_the_close, rng):
    calm = copy(before_the_close, "calm").start()
    began = time.monotonic()
    calm.api.clock(TARGET)
    seconds = time.monotonic() - began
    expected = calm.api.invoices()
    calm.stop()
    calm.verify()
    assert len(expected) == 2 * SUBSCRIBED and all(invoice["status"] == "open" for invoice in expected)

    killed = copy(before_the_close, "killed")
    for crash in range(CRASHES_OF_A_CLOSE):
        killed.start()
        mover = threading.Thread(target=move_clock, args=(killed,))
        mover.start()
        patience = rng.uniform(0, seconds)
        time.sleep(patience)
        killed.kill()
        mover.join()
        print(f"crash {crash + 1}: killed {patience * 1000:.1f} ms into a close of {seconds * 1000:.1f} ms")
    killed.start()
    killed.api.clock(TARGET)
    found = killed.api.invoices()
    killed.stop()
    killed.verify()
    assert [invoice["number"] for invoice in found] == [invoice["number"] for invoice in expected]
    assert found == expected


def move_clock(server: Server):
    api = Api(server.url, server.key)
    try:
        api.send("PUT", "/test-clock", {"now": TARGET})
    except httpx.TransportError:
        pass  # the server was killed
    finally:
        api.close()
