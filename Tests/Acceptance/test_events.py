"""Events in: counted once, at their own time, in the period they belong to; bad ones refused one by one."""

import json
import uuid
from datetime import timedelta

import pytest

from api import event, instant, lines, rfc3339

NOW = "2026-03-15T12:00:00Z"
MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def acme(api):
    """A company that may use `call` without limit, in an environment whose clock stands at NOW."""
    api.clock(NOW)
    return api.subscribed("acme", api.free_plan("Free", (api.feature("call"), {"value_type": "unlimited"})))


def at(moment: str = NOW, **offset) -> str:
    return rfc3339(instant(moment) + timedelta(**offset))


def counts(answer: dict) -> tuple:
    return answer["accepted"], answer["duplicates"], answer["conflicts"], len(answer["rejected"])


def key_of_kind(api, kind: str, readonly: bool = False):
    made = api.post("/api-keys", {"name": f"a {kind} key", "kind": kind, "readonly": readonly})
    return api.with_key(made["key"])


# Once ----------------------------------------------------------------------------------------------------------------

def test_a_key_counts_once_within_24_hours_and_across_a_restart(server, api, acme):
    again = event("call", "acme", 3, key="once")
    assert counts(api.batch(again, again, event("call", "acme", key="other"))) == (2, 1, 0, 0)
    assert counts(api.batch(again)) == (0, 1, 0, 0)
    assert api.usage("acme", "call") == 4

    server.restart()
    api = server.api
    assert counts(api.batch(again)) == (0, 1, 0, 0)
    api.clock(at(hours=24, milliseconds=-1))
    assert counts(api.batch(again)) == (0, 1, 0, 0)
    api.clock(at(hours=24))
    assert counts(api.batch(again)) == (1, 0, 0, 0)
    assert api.usage("acme", "call") == 7


@pytest.mark.parametrize("other", [
    event("call", "acme", 2, key="once"), event("call", "other", 1, key="once"), event("put", "acme", 1, key="once")])
def test_a_key_with_other_content_is_a_conflict_and_does_not_count(api, acme, other):
    api.track(event("call", "acme", key="once"))
    assert counts(api.batch(other, event("call", "acme"))) == (1, 0, 1, 0)
    assert api.usage("acme", "call") == 2
    assert [row["quantity"] for row in api.get("/events", idempotency_key="once")] == [1]


def test_keys_are_scoped_by_the_type_of_event(api, acme):
    identify = {"type": "identify", "idempotency_key": "once", "body": {"keys": {"user_id": "wile"}}}
    assert counts(api.batch(event("call", "acme", key="once"), identify)) == (2, 0, 0, 0)


def test_without_a_key_every_event_counts(api, acme):
    same = event("call", "acme")
    assert counts(api.batch(same, same)) == (2, 0, 0, 0)
    assert counts(api.batch(same)) == (1, 0, 0, 0)
    assert api.usage("acme", "call") == 3


def test_the_browser_endpoint_takes_its_key_from_the_body_and_dedupes_by_tracker_id(api, acme):
    browser = key_of_kind(api, "publishable")
    anonymous = api.with_key(None)
    body = event("call", "acme", sent_at=NOW) | {
        "api_key": browser.key, "tracker_event_id": str(uuid.uuid4()), "tracker_user_id": "anonymous-1"}
    for _ in range(2):
        answer = anonymous.send(
            "POST", "/e", content=json.dumps(body), headers={"Content-Type": "application/json;charset=UTF-8"})
        assert answer.is_success, answer.text
    assert api.usage("acme", "call") == 1
    assert anonymous.send("POST", "/e", body | {"api_key": "sch_pub_wrong"}).status_code == 401
    assert anonymous.send("POST", "/e", event("call", "acme")).status_code == 401
    assert api.usage("acme", "call") == 1


# Many, and bad ones among them ---------------------------------------------------------------------------------------

def test_10_000_events_a_request_and_not_one_more(api, acme):
    api.track(*[event("call", "acme") for _ in range(10_000)])
    answer = api.send("POST", "/batch", {"events": [event("call", "acme")] * 10_001})
    assert answer.status_code in (400, 413) and "10000" in answer.json()["error"].replace(",", "")
    assert api.usage("acme", "call") == 10_000


def test_ndjson_with_a_malformed_line_counts_the_others(api, acme):
    good = json.dumps(event("call", "acme"))
    body = "\n".join([good, '{"type":"track","body":', "", good, "7", good]) + "\n"
    answer = api.send("POST", "/batch", content=body, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["accepted"], len(data["rejected"])) == (3, 2) and all(row["error"] for row in data["rejected"])
    assert api.usage("acme", "call") == 3


def test_one_bad_event_is_refused_by_index_and_reason_and_the_others_count(api, acme):
    bad = {
        1: {"type": "track", "body": {"event": "call", "company": {"id": 7}}},
        3: {"type": "dance", "body": {}},
        4: {"type": "track", "body": {"company": {"id": "acme"}}},
        6: event("call", "acme", 10**30),
        7: event("call", "acme", 0),
    }
    answer = api.batch(*[bad.get(index, event("call", "acme")) for index in range(9)])
    assert [row["index"] for row in answer["rejected"]] == list(bad)
    assert all(len(row["error"].split()) >= 3 for row in answer["rejected"]), answer["rejected"]
    assert answer["accepted"] == 9 - len(bad) == api.usage("acme", "call")


def test_all_bad_is_still_an_answer_but_a_single_bad_event_is_a_400(api, acme):
    bad = event("call", "acme", 10**30)
    assert counts(api.batch(bad, bad)) == (0, 0, 0, 2)
    single = {"event_type": "track", "body": bad["body"]}
    answer = api.send("POST", "/events", single)
    assert answer.status_code == 400 and "quantity" in answer.json()["error"]


def test_the_rest_endpoints_take_the_same_events(api, acme):
    body = {"event": "call", "company": {"id": "acme"}, "quantity": 2}
    one = api.send("POST", "/events", {"event_type": "track", "body": body})
    assert one.status_code == 201 and one.json()["data"]["event_id"]
    many = api.send("POST", "/event-batch", {"events": [{"event_type": "track", "body": body}] * 2})
    assert many.status_code == 201
    data = many.json()["data"]
    assert data["accepted"] == 2 and len({row["event_id"] for row in data["events"]}) == 2
    assert api.usage("acme", "call") == 6


def test_events_are_listed_newest_first_by_every_filter(api, acme):
    api.track(event("call", "acme", 1, key="a"), event("call", "other", 2, key="b"), event("put", "acme", 3, key="c"))

    def keys(**query):
        return [row["idempotency_key"] for row in api.get("/events", event_types="track", **query)]

    assert keys() == ["c", "b", "a"]
    assert keys(company_id=acme["id"]) == ["c", "a"]
    assert keys(event_subtype="call") == ["b", "a"]
    assert keys(idempotency_key="b") == ["b"]
    assert keys(limit=1, offset=1) == ["b"]


# Whose key -----------------------------------------------------------------------------------------------------------

def test_a_publishable_key_tracks_identifies_and_checks_but_does_nothing_else(api, acme):
    browser = key_of_kind(api, "publishable")
    identify = {"type": "identify", "body": {"keys": {"user_id": "u"}}}
    assert counts(browser.batch(event("call", "acme"), identify)) == (2, 0, 0, 0)
    assert browser.check("call", "acme")["value"] is True
    refused = browser.batch(event("call", "acme", -1), event("call", "acme", at=NOW), event("call", "acme"))
    assert [row["index"] for row in refused["rejected"]] == [0, 1]
    assert refused["rejected"][1]["error"] == "trusted_client_clock and backfill require a secret API key"
    assert api.usage("acme", "call") == 2


def test_a_readonly_key_leaves_its_events_as_failed_ones(api, acme):
    reader = key_of_kind(api, "secret", readonly=True)
    assert reader.send("POST", "/batch", {"events": [event("call", "acme", key="read")]}).status_code == 200
    assert api.usage("acme", "call") == 0
    assert [row["status"] for row in api.get("/events", idempotency_key="read")] == ["failed"]


def test_negative_quantities_correct_usage_with_a_secret_key(api, acme):
    api.track(event("call", "acme", 10), event("call", "acme", -3))
    assert api.usage("acme", "call") == 7


# When ----------------------------------------------------------------------------------------------------------------

SENT_AT_REQUIRED = "sent_at is required when trusted_client_clock or backfill is true"
IN_THE_FUTURE = "sent_at cannot be more than 5 minutes in the future"
TOO_OLD = ("sent_at cannot be more than 34 days in the past for trusted_client_clock; for older events use backfill "
           "(analytics-only, no billing side effects)")
FAR_TOO_OLD = "sent_at cannot be more than 365 days in the past"
TRUSTED, BACKFILL = {"trusted_client_clock": True}, {"trusted_client_clock": True, "backfill": True}

CLOCK_LIMITS = [  # flags, sent_at relative to now (None: absent), the sentence (None: accepted)
    (TRUSTED, None, SENT_AT_REQUIRED),
    (BACKFILL, None, SENT_AT_REQUIRED),
    (TRUSTED, timedelta(minutes=5), None),
    (TRUSTED, timedelta(minutes=5) + MILLISECOND, IN_THE_FUTURE),
    (BACKFILL, timedelta(minutes=5) + MILLISECOND, IN_THE_FUTURE),
    (TRUSTED, -timedelta(days=34), None),
    (TRUSTED, -timedelta(days=34) - MILLISECOND, TOO_OLD),
    (BACKFILL, -timedelta(days=34) - MILLISECOND, None),
    (BACKFILL, -timedelta(days=365), None),
    (BACKFILL, -timedelta(days=365) - MILLISECOND, FAR_TOO_OLD),
    ({}, -timedelta(days=400), None),
]


def test_the_limits_of_a_trusted_clock_to_the_millisecond(api, acme):
    events = [
        event("call", "acme", **flags, **({} if offset is None else {"sent_at": rfc3339(instant(NOW) + offset)}))
        for flags, offset, _ in CLOCK_LIMITS]
    answer = api.batch(*events)
    refused = {row["index"]: row["error"] for row in answer["rejected"]}
    assert [refused.get(index) for index in range(len(events))] == [sentence for _, _, sentence in CLOCK_LIMITS]


def test_without_a_trusted_clock_an_event_happens_when_it_is_received(api, acme):
    api.track(event("call", "acme", sent_at=at(days=-20)))
    history = api.get(
        "/feature-usage-history", start_time=at(hours=-1), end_time=at(hours=1), granularity="hourly")
    assert [(instant(row["period_start"]), row["usage"]) for row in history] == [(instant(NOW), 1)]


def test_a_trusted_event_counts_only_in_the_periods_that_contain_it(api):
    api.clock(NOW)
    windows = {"today": "current_day", "this_month": "current_month", "ever": "all_time"}
    plan = api.free_plan("Free", *[
        (api.feature(name, event_subtype="call"), {
            "value_type": "numeric", "value_numeric": 100, "metric_period": period})
        for name, period in windows.items()])
    api.subscribed("acme", plan)
    for quantity, offset in ((1, 0), (10, -2), (50, -20)):
        api.track(event("call", "acme", quantity, at=at(days=offset)))
    assert {name: api.usage("acme", name) for name in windows} == {"today": 1, "this_month": 11, "ever": 61}


# Which invoice -------------------------------------------------------------------------------------------------------

START, BOUNDARY, NEXT = "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z"


@pytest.fixture
def billed(api):
    """A company that pays 25 cents a call, monthly from START."""
    api.clock(START)
    plan = api.plan("Metered", [(api.feature("call"), {
        "value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": 25})], monthly_price=1000)
    return api.subscribed("acme", plan)


def billed_quantities(api, company) -> list:
    return [line["quantity"] for invoice in api.invoices(company) for line in lines(invoice, "usage")]


def test_an_event_at_exactly_the_boundary_belongs_to_the_new_period(api, billed):
    api.clock(at(BOUNDARY, minutes=-2))
    api.track(
        event("call", "acme", 1, at=at(START)), event("call", "acme", 2, at=at(BOUNDARY, milliseconds=-1)),
        event("call", "acme", 4, at=BOUNDARY), event("call", "acme", 8, at=at(BOUNDARY, milliseconds=1)))
    api.clock(at(NEXT, hours=2))
    assert billed_quantities(api, billed) == [3, 12]


def test_a_late_event_in_the_grace_joins_the_draft(api, billed):
    api.clock(BOUNDARY)
    api.track(event("call", "acme", 1))
    api.clock(at(BOUNDARY, minutes=59))
    answer = api.track(event("call", "acme", 10), event("call", "acme", 4, at=at(BOUNDARY, seconds=-1)))
    assert answer["late"] == [{"index": 1, "effect": "grace"}]
    api.clock(at(BOUNDARY, hours=1))
    assert api.invoices(billed)[-1]["status"] == "open"
    api.clock(at(NEXT, hours=1))
    assert billed_quantities(api, billed) == [4, 11]


def test_a_later_event_becomes_a_correction_on_the_next_invoice(api, billed):
    api.track(event("call", "acme", 3))
    api.clock(at(BOUNDARY, hours=1))
    closed = api.invoices(billed)[-1]
    answer = api.track(event("call", "acme", 2, at=at(BOUNDARY, seconds=-1)))
    assert answer["late"] == [{"index": 0, "effect": "correction"}]
    api.clock(at(NEXT, hours=1))

    corrections = [line for invoice in api.invoices(billed) for line in lines(invoice, "correction")]
    assert [(line["amount"], line["corrects_line_id"], line["kind"]) for line in corrections] == [
        (50, lines(closed, "usage")[0]["id"], "reconciliation")]
    assert api.invoice(closed["id"]) == closed, "a finalised invoice never changes"
    assert billed_quantities(api, billed) == [3, 0]


def test_backfill_counts_but_is_not_billed(api, billed):
    api.clock(at(START, days=10))
    api.track(event("call", "acme", 2), event("call", "acme", 40, at=at(START, days=5), backfill=True))
    assert api.usage("acme", "call") == 42
    api.clock(at(BOUNDARY, hours=1))
    assert billed_quantities(api, billed) == [2]
