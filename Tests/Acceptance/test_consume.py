"""`POST /usage/consume`: check and count in one step. With N units left, any number of callers get exactly N."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api import Api, event, instant

THREADS = 64


@pytest.fixture
def exports(api):
    """The metered feature of every test here."""
    return api.feature("export")


def limited(api, feature, limit: int, key: str = "acme", **fields):
    plan = api.free_plan(f"{key}: {limit}", (feature, {"value_type": "numeric", "value_numeric": limit, **fields}))
    return api.subscribed(key, plan)


def in_parallel(server, work: list, call) -> list:
    """`call(api, item)` for every item, by 64 threads that start together, each with a connection of its own."""
    start, own = threading.Barrier(THREADS), threading.local()

    def connect():
        own.api = Api(server.url, server.key)
        start.wait(60)

    with ThreadPoolExecutor(THREADS, initializer=connect) as pool:
        return list(pool.map(lambda item: call(own.api, item), work))


# Exactly N -----------------------------------------------------------------------------------------------------------

def test_64_threads_get_exactly_the_1000_that_are_left(server, api, exports):
    limited(api, exports, 1000)
    answers = in_parallel(server, range(3000), lambda api, _: api.consume("acme", "export"))

    allowed = [answer for answer in answers if answer["allowed"]]
    assert len(allowed) == 1000
    assert sorted(answer["usage"] for answer in allowed) == list(range(1, 1001)), "every unit is given out once"
    for answer in answers:
        assert answer["recorded"] is answer["allowed"]
        assert answer["remaining"] == 1000 - answer["usage"] and answer["allocation"] == 1000
    assert api.usage("acme", "export") == 1000
    assert api.check("export", "acme")["value"] is False


def test_parallel_quantities_of_all_sizes_never_pass_the_limit(server, api, exports, rng):
    limit = rng.randint(500, 2000)
    limited(api, exports, limit)
    quantities = [rng.randint(1, 20) for _ in range(640)]
    answers = in_parallel(server, quantities, lambda api, n: api.consume("acme", "export", n))

    taken = sum(n for n, answer in zip(quantities, answers) if answer["allowed"])
    smallest_refused = min(n for n, answer in zip(quantities, answers) if not answer["allowed"])
    assert api.usage("acme", "export") == taken <= limit
    assert limit - taken < smallest_refused, "what is left would have fitted something that was refused"


def test_consume_and_track_count_into_the_same_counter(server, api, exports):
    """Track is never refused, so it may carry the usage over the limit; consume gets what track has left."""
    limited(api, exports, 1000)
    answers = in_parallel(
        server, range(600),
        lambda api, i: api.track(event("export", "acme")) if i % 2 else api.consume("acme", "export"))
    assert api.usage("acme", "export") == 600 and all(answer.get("allowed", True) for answer in answers)

    api.track(event("export", "acme", 399))
    assert [api.consume("acme", "export")["allowed"] for _ in range(2)] == [True, False]
    api.track(event("export", "acme", 5))
    assert api.usage("acme", "export") == 1005
    assert api.consume("acme", "export")["allowed"] is False


# One answer per key --------------------------------------------------------------------------------------------------

def test_a_repeat_gets_the_first_answer_and_counts_once(server, api, exports):
    limited(api, exports, 10)
    answers = in_parallel(server, range(128), lambda api, _: api.consume("acme", "export", 4, key="once"))
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0]["allowed"], answers[0]["usage"], answers[0]["remaining"]) == (True, 4, 6)
    assert api.usage("acme", "export") == 4

    server.restart()
    assert server.api.consume("acme", "export", 4, key="once") == answers[0], "the answer outlives a restart"
    assert server.api.usage("acme", "export") == 4


@pytest.mark.parametrize("other", [
    {"quantity": 5}, {"company": {"id": "other"}}, {"event": "import"}])
def test_a_key_with_another_body_is_refused(api, exports, other):
    limited(api, exports, 10)
    body = {"company": {"id": "acme"}, "event": "export", "quantity": 4, "idempotency_key": "once"}
    api.post("/usage/consume", body)
    answer = api.send("POST", "/usage/consume", {**body, **other})
    assert answer.status_code == 422 and "once" in answer.json()["error"]
    assert api.usage("acme", "export") == 4


def test_a_refusal_is_kept_under_its_key(api, exports):
    acme = limited(api, exports, 3)
    refused = api.consume("acme", "export", 4, key="first try")
    assert (refused["allowed"], refused["recorded"], refused["usage"], refused["remaining"]) == (False, False, 0, 3)

    api.post("/company-overrides", {
        "company_id": acme["id"], "feature_id": exports["id"], "value_type": "numeric", "value_numeric": 100})
    assert api.consume("acme", "export", 4, key="first try") == refused
    assert api.consume("acme", "export", 4, key="second try")["allowed"] is True
    assert api.usage("acme", "export") == 4


def test_a_key_is_free_again_after_24_hours(api, exports):
    api.clock("2026-03-02T12:00:00Z")
    limited(api, exports, 10)
    api.consume("acme", "export", 4, key="once")
    api.clock("2026-03-03T11:59:59.999Z")
    assert api.consume("acme", "export", 4, key="once")["usage"] == 4
    api.clock("2026-03-03T12:00:00Z")
    assert api.consume("acme", "export", 4, key="once")["usage"] == 8


# Limits of every kind ------------------------------------------------------------------------------------------------

def test_unlimited_has_nothing_to_run_out_of(api, exports):
    api.subscribed("acme", api.free_plan("Unlimited", (exports, {"value_type": "unlimited"})))
    answer = api.consume("acme", "export", 1_000_000)
    assert (answer["allowed"], answer["usage"]) == (True, 1_000_000)
    assert (answer["allocation"], answer["remaining"]) == (None, None)


def test_without_an_entitlement_nothing_is_allowed_or_recorded(api, exports):
    api.company("acme")
    answer = api.consume("acme", "export")
    assert (answer["allowed"], answer["recorded"]) == (False, False)
    assert answer["reason"]
    assert api.get("/events", event_subtype="export") == []


def test_a_feature_may_be_named_instead_of_its_event(api, exports):
    limited(api, exports, 5)
    for named in ("export", exports["id"]):
        answer = api.post("/usage/consume", {"company": {"id": "acme"}, "feature": named, "quantity": 2})
        assert answer["allowed"] is True
    assert api.usage("acme", "export") == 4


def test_a_hard_limit_above_a_soft_one_is_the_one_that_refuses(api, exports):
    plan = api.plan("Overage", [(exports, {
        "value_type": "numeric", "value_numeric": 20, "price_behavior": "overage", "soft_limit": 10,
        "monthly_unit_price": 5})], monthly_price=1000)
    api.subscribed("acme", plan)
    assert [api.consume("acme", "export", n)["allowed"] for n in (10, 10, 1)] == [True, True, False]


WINDOWS = [  # window, fields, last moment of it, first moment of the next
    ("day", {"metric_period": "current_day"}, "2026-03-04T23:59:59.999Z", "2026-03-05T00:00:00Z"),
    ("week", {"metric_period": "current_week"}, "2026-03-07T23:59:59.999Z", "2026-03-08T00:00:00Z"),
    ("month", {"metric_period": "current_month", "metric_period_month_reset": "first_of_month"},
     "2026-03-31T23:59:59.999Z", "2026-04-01T00:00:00Z"),
    ("all time", {"metric_period": "all_time"}, "2026-03-31T23:59:59.999Z", None),
]


@pytest.mark.parametrize("fields, last, reset", [row[1:] for row in WINDOWS], ids=[row[0] for row in WINDOWS])
def test_a_window_gives_its_units_back_at_its_end_and_not_before(api, exports, fields, last, reset):
    api.clock("2026-03-04T12:00:00Z")
    limited(api, exports, 7, **fields)
    first = api.consume("acme", "export", 7)
    assert (first["allowed"], instant(first["reset_at"])) == (True, instant(reset))
    api.clock(last)
    assert api.consume("acme", "export")["allowed"] is False
    if reset is None:
        api.clock("2027-01-01T00:00:00Z")
        assert api.consume("acme", "export")["allowed"] is False
    else:
        api.clock(reset)
        again = api.consume("acme", "export", 7)
        assert (again["allowed"], again["usage"]) == (True, 7)
