"""Periods, closes and invoices on the test clock. Every invoice read here must add up: `api.checked` sees to it."""

import calendar
import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from api import event, instant, lines, rfc3339

GRACE = timedelta(hours=1)
DATA_LINE = ("line_type", "kind", "feature_key", "quantity", "amount", "period_start", "period_end")


def later(moment: str, **offset) -> str:
    return rfc3339(instant(moment) + timedelta(**offset))


def after_grace(moment: str) -> str:
    return rfc3339(instant(moment) + GRACE)


def essence(invoice: dict) -> list:
    return [{field: line.get(field) for field in DATA_LINE} for line in invoice["lines"]]


def base_periods(api, company) -> list:
    """What the base fees charge for, oldest first."""
    charged = [line for invoice in api.invoices(company) for line in lines(invoice, "base")]
    return [(instant(line["period_start"]), instant(line["period_end"])) for line in charged]


# Calendar ------------------------------------------------------------------------------------------------------------

MONTHLY, QUARTERLY, YEARLY = {"monthly_price": 1000}, {"quarterly_price": 2700}, {"yearly_price": 10_000}


def every(interval: str, count: int) -> dict:
    return {"prices": [{"interval": interval, "interval_count": count, "price": 500, "currency": "usd"}]}


CALENDAR = {  # name: (zone, price, the starts of the periods in UTC, the first of them the anchor)
    "the last day of December": ("UTC", MONTHLY, """
        2022-12-31 2023-01-31 2023-02-28 2023-03-31 2023-04-30 2023-05-31 2023-06-30 2023-07-31 2023-08-31 2023-09-30
        2023-10-31 2023-11-30 2023-12-31 2024-01-31 2024-02-29 2024-03-31"""),
    "31 January at 15:00": ("UTC", MONTHLY, """
        2025-01-31T15:00 2025-02-28T15:00 2025-03-31T15:00 2025-04-30T15:00 2025-05-31T15:00 2025-06-30T15:00
        2025-07-31T15:00 2025-08-31T15:00 2025-09-30T15:00 2025-10-31T15:00"""),
    "29 February, yearly": ("UTC", YEARLY, "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29 2029-02-28"),
    "30 November, quarterly": ("UTC", QUARTERLY, "2023-11-30 2024-02-29 2024-05-30 2024-08-30 2024-11-30 2025-02-28"),
    "New York over both changes of the clocks": ("America/New_York", MONTHLY, """
        2023-03-01T05:00 2023-04-01T04:00 2023-05-01T04:00 2023-06-01T04:00 2023-07-01T04:00 2023-08-01T04:00
        2023-09-01T04:00 2023-10-01T04:00 2023-11-01T04:00 2023-12-01T05:00"""),
    "an hour that New York skips in March": (
        "America/New_York", MONTHLY, "2024-02-10T07:30 2024-03-10T07:30 2024-04-10T06:30"),
    "an hour that New York has twice in November": (
        "America/New_York", MONTHLY, "2024-10-03T05:30 2024-11-03T05:30 2024-12-03T06:30"),
    "Kolkata's month": (
        "Asia/Kolkata", MONTHLY, "2023-01-31T18:30 2023-02-28T18:30 2023-03-31T18:30 2023-04-30T18:30"),
    "31 January in Auckland": (
        "Pacific/Auckland", MONTHLY, "2024-01-30T11:00 2024-02-28T11:00 2024-03-30T11:00 2024-04-29T12:00"),
    "every week over New York's change": (
        "America/New_York", every("week", 1), "2024-03-04T05:00 2024-03-11T04:00 2024-03-18T04:00"),
    "every 10 days": ("UTC", every("day", 10), "2024-02-20 2024-03-01 2024-03-11 2024-03-21"),
}


@pytest.mark.parametrize("zone, price, starts", CALENDAR.values(), ids=CALENDAR.keys())
def test_periods_follow_the_anchor_in_the_companys_zone(api, zone, price, starts):
    starts = [datetime.fromisoformat(text).replace(tzinfo=timezone.utc) for text in starts.split()]
    periods = list(zip(starts, starts[1:]))
    api.clock(rfc3339(starts[0]))
    acme = api.subscribed("acme", api.plan("Plan", **price), timezone=zone)
    for start, end in periods:
        api.clock(rfc3339(end - timedelta(milliseconds=1)))
        now = api.subscription(acme)
        assert (instant(now["period_start"]), instant(now["period_end"])) == (start, end)
        api.clock(rfc3339(end))
        assert instant(api.subscription(acme)["period_start"]) == end
    assert base_periods(api, acme)[:-1] == periods


def test_periods_tile_time_in_any_zone(api, rng):
    """Anchors and zones at random, all moved over a year in one step: compared with Python's calendar."""
    zones = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu",
             "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca"]
    year = datetime(2027, 1, 1, tzinfo=timezone.utc)
    anchors = sorted(year + timedelta(minutes=rng.randrange(60 * 24 * 60)) for _ in range(16))
    plan, companies = api.plan("Plan", **MONTHLY), []
    for index, anchor in enumerate(anchors):
        api.clock(rfc3339(anchor))
        zone = rng.choice(zones)
        companies.append((api.subscribed(f"company-{index}", plan, timezone=zone), anchor, zone))
    api.clock("2028-03-15T00:00:00Z")
    for company, anchor, zone in companies:
        periods = base_periods(api, company)
        starts = [add_months(anchor, index, ZoneInfo(zone)) for index in range(len(periods) + 1)]
        assert periods == list(zip(starts, starts[1:])), (zone, anchor)
        assert periods[-1][1] > datetime(2028, 3, 15, tzinfo=timezone.utc) >= periods[-1][0]


def add_months(anchor: datetime, months: int, zone: ZoneInfo) -> datetime:
    """The rule by Python's calendar: clamp to the month's end; a skipped hour moves on, a doubled one is the first."""
    local = anchor.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    fold = local.fold if months == 0 else 0
    return local.replace(year=year, month=month + 1, day=day, fold=fold).astimezone(timezone.utc)


def test_closing_at_kolkatas_midnight(api):
    """A close before it finds nothing due, the one after it one invoice, the next none."""
    api.clock("2023-01-31T18:30:00Z")
    acme = api.subscribed("acme", api.plan("Plan", **MONTHLY), timezone="Asia/Kolkata")
    issued = []
    for tick in ("2023-02-28T18:00:00Z", "2023-02-28T19:00:00Z", "2023-03-01T18:00:00Z"):
        before = len(api.invoices(acme))
        api.clock(tick)
        issued.append(len(api.invoices(acme)) - before)
    assert issued == [0, 1, 0]


# Price models --------------------------------------------------------------------------------------------------------

def tiers(mode: str, *rows) -> dict:
    """Rows of `(up_to, unit price, flat amount)` in cents; a unit price in text may have decimals."""
    made = []
    for up_to, unit, flat in rows:
        price = {"per_unit_price_decimal": unit} if isinstance(unit, str) else {"per_unit_price": unit}
        made.append({**price, "flat_amount": flat, **({} if up_to is None else {"up_to": up_to})})
    return {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": mode, "monthly_price_tiers": made}


def per_unit(price) -> dict:
    field = "monthly_unit_price_decimal" if isinstance(price, str) else "monthly_unit_price"
    return {"value_type": "unlimited", "price_behavior": "pay_as_you_go", field: price}


STEPS = [(5, 700, 0), (10, 650, 0), (None, 600, 0)]
FLAT_STEPS = [(10, 1000, 200), (20, 500, 300), (None, 500, 300)]
BIG_STEPS = [(10_000, "0.1", 1000), (50_000, "0.08", 1000), (100_000, "0.06", 1000), (None, "0.04", 1000)]

MODELS = {  # name: (fields of the entitlement, {quantity: amount in cents})
    "pay as you go": (per_unit(25), {0: 0, 1: 25, 137: 3425}),
    "pay as you go below a cent": (per_unit("0.25"), {0: 0, 1: 0, 2: 1, 3: 1, 5: 1, 6: 2, 1_000_001: 250_000}),
    "overage": (
        {**per_unit(1), "price_behavior": "overage", "soft_limit": 500}, {0: 0, 500: 0, 501: 1, 600: 100}),
    "graduated": (tiers("graduated", *STEPS), {0: 0, 1: 700, 5: 3500, 6: 4150, 20: 12_750}),
    "graduated with flat amounts": (
        tiers("graduated", *FLAT_STEPS), {0: 0, 1: 1200, 10: 10_200, 11: 11_000, 12: 11_500, 21: 16_300}),
    "volume": (tiers("volume", *STEPS), {0: 0, 5: 3500, 6: 3900, 20: 12_000}),
    "volume with flat amounts": (tiers("volume", *BIG_STEPS), {0: 0, 10_000: 2000, 65_000: 4900}),
    "volume of the seed": (
        tiers("volume", (50, 0, 1000), (200, 0, 2000), (None, 0, 3000)),
        {1: 1000, 50: 1000, 51: 2000, 100: 2000, 201: 3000}),
}


def test_price_models(api):
    api.clock("2026-03-01T00:00:00Z")
    expected, companies = {}, {}
    for index, (name, (fields, amounts)) in enumerate(MODELS.items()):
        plan = api.plan(name, [(api.feature(f"meter-{index}"), fields)], monthly_price=1000)
        for quantity, amount in amounts.items():
            expected[name, quantity] = amount
            companies[name, quantity] = api.subscribed(f"{index}-{quantity}", plan)
            if quantity:
                api.track(event(f"meter-{index}", f"{index}-{quantity}", quantity))
    api.clock("2026-04-01T01:00:00Z")

    found = {}
    for (name, quantity), company in companies.items():
        (line,) = lines(api.invoices(company)[-1], "usage")
        assert line["quantity"] == quantity and line["kind"] == "subscription"
        found[name, quantity] = line["amount"]
    assert found == expected


def test_seats_are_paid_ahead_of_every_period(api):
    api.clock("2026-03-01T00:00:00Z")
    plan = api.plan("Seats", [(api.seats(), {
        "value_type": "trait", "price_behavior": "pay_in_advance", "monthly_unit_price": 1000})], monthly_price=4900)
    acme = api.company("acme")
    api.subscribe(acme, plan, {plan.entitlements["seats"]["metered_monthly_price"]["id"]: 4})
    api.clock("2026-04-01T01:00:00Z")

    found = [
        (line["line_type"], line["quantity"], line["amount"], line["period_start"][:10], line["period_end"][:10])
        for invoice in api.invoices(acme) for line in sorted(invoice["lines"], key=lambda line: line["line_type"])]
    assert found == [
        ("base", 1, 4900, "2026-03-01", "2026-04-01"), ("seat", 4, 4000, "2026-03-01", "2026-04-01"),
        ("base", 1, 4900, "2026-04-01", "2026-05-01"), ("seat", 4, 4000, "2026-04-01", "2026-05-01")]

    api.company("acme", traits={"seats_used": 3})
    assert api.check("seats", "acme")["value"] is True
    api.company("acme", traits={"seats_used": 4})
    assert api.check("seats", "acme")["value"] is False


# The life of an invoice ----------------------------------------------------------------------------------------------

START, BOUNDARY, NEXT = "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z"


@pytest.fixture
def metered(api):
    """A plan of 10.00 a month and 25 cents a call, in an environment whose clock stands at START."""
    api.clock(START)
    return api.plan("Metered", [(api.feature("call"), per_unit(25))], monthly_price=1000)


@pytest.fixture
def acme(api, metered):
    return api.subscribed("acme", metered)


def test_subscribing_issues_the_first_invoice_and_each_boundary_one_more(api, acme):
    (first,) = api.invoices(acme)
    assert [(line["line_type"], line["amount"]) for line in first["lines"]] == [("base", 1000)]
    api.track(event("call", "acme", 7))
    api.clock(later(BOUNDARY, milliseconds=-1))
    assert len(api.invoices(acme)) == 1
    api.clock(BOUNDARY)
    _, second = api.invoices(acme)
    assert {line["line_type"]: line["amount"] for line in second["lines"]} == {"usage": 175, "base": 1000}
    usage, base = lines(second, "usage")[0], lines(second, "base")[0]
    assert [instant(usage[end]) for end in ("period_start", "period_end")] == [instant(START), instant(BOUNDARY)]
    assert [instant(base[end]) for end in ("period_start", "period_end")] == [instant(BOUNDARY), instant(NEXT)]
    assert (usage["feature_key"], usage["quantity"], usage["unit_amount"]) == ("call", 7, 25)


def test_a_draft_opens_when_the_grace_is_over(api, acme):
    api.clock(later(BOUNDARY, minutes=59, seconds=59))
    draft = api.invoices(acme)[-1]
    assert (draft["status"], draft["document_state"]) == ("draft", "draft")
    assert (draft["number"], draft["finalized_at"]) == (None, None)
    api.clock(after_grace(BOUNDARY))
    opened = api.invoice(draft["id"])
    assert (opened["status"], opened["document_state"]) == ("open", "finalized")
    assert opened["number"] and instant(opened["finalized_at"]) == instant(after_grace(BOUNDARY))
    assert (opened["amount_remaining"], opened["amount_paid"]) == (1000, 0)
    assert essence(opened) == essence(draft)


def test_numbers_have_no_gaps(api, metered):
    companies = [api.subscribed(f"company-{index}", metered) for index in range(5)]
    api.clock("2026-07-02T00:00:00Z")
    invoices = api.invoices()
    assert len(invoices) == 5 * 5 and all(invoice["status"] == "open" for invoice in invoices)
    numbers = sorted(int(re.search(r"(\d+)$", invoice["number"])[1]) for invoice in invoices)
    assert numbers == list(range(numbers[0], numbers[0] + 25))
    assert len({invoice["number"] for invoice in invoices}) == 25
    assert {row["id"] for row in api.get("/invoices", company_id=companies[0]["id"])} == {
        invoice["id"] for invoice in invoices if invoice["company_id"] == companies[0]["id"]}
    assert api.get("/invoices/count", status="open")["count"] == 25
    assert api.get("/invoices", status="draft") == []


def test_a_draft_can_be_finalised_early_and_then_never_changes(api, acme):
    api.track(event("call", "acme", 4))
    api.clock(BOUNDARY)
    draft = api.invoices(acme)[-1]
    opened = api.post(f"/invoices/{draft['id']}/finalize")
    assert (opened["status"], opened["total"], bool(opened["number"])) == ("open", 1100, True)

    assert api.track(event("call", "acme", 1, at=later(BOUNDARY, seconds=-1)))["late"] == [
        {"index": 0, "effect": "correction"}]
    api.clock(after_grace(BOUNDARY))
    assert api.invoice(draft["id"]) == opened


def test_without_auto_finalize_a_draft_waits_for_its_call(api, metered):
    api.post("/billing/settings", {"auto_finalize": False})
    acme = api.subscribed("acme", metered)
    api.clock(later(BOUNDARY, days=3))
    drafts = api.invoices(acme)
    assert [invoice["status"] for invoice in drafts] == ["draft", "draft"]
    for draft in drafts:
        assert api.post(f"/invoices/{draft['id']}/finalize")["status"] == "open"


def test_the_grace_is_a_setting(api, metered):
    settings = api.post("/billing/settings", {"invoice_grace_seconds": 86_400, "timezone": "Europe/Berlin"})
    assert (settings["invoice_grace_seconds"], settings["timezone"], settings["auto_finalize"]) == (
        86_400, "Europe/Berlin", True)
    acme = api.subscribed("acme", metered)
    boundary = "2026-03-31T23:00:00Z"  # 1 April 01:00 in Berlin: the anchor's local hour, now an hour earlier
    api.clock(boundary)
    assert instant(api.subscription(acme)["period_start"]) == instant(boundary)
    api.clock(later(boundary, days=1, milliseconds=-1))
    assert api.invoices(acme)[-1]["status"] == "draft"
    api.clock(later(boundary, days=1))
    assert api.invoices(acme)[-1]["status"] == "open"


def open_invoice(api, company) -> dict:
    api.clock(after_grace(api.get("/test-clock")["now"]))
    (invoice,) = api.invoices(company)
    assert invoice["status"] == "open"
    return invoice


def pay(api, invoice, key: str, **fields):
    return api.send("POST", f"/invoices/{invoice['id']}/mark-paid", {"idempotency_key": key, **fields})


def test_an_invoice_is_paid_in_parts(api, acme):
    invoice = open_invoice(api, acme)
    part = pay(api, invoice, "wire-1", amount=300, reference="first").json()["data"]
    assert (part["status"], part["amount_paid"], part["amount_remaining"]) == ("open", 300, 700)
    again = pay(api, invoice, "wire-1", amount=300, reference="first").json()["data"]
    assert (again["amount_paid"], len(again["settlements"])) == (300, 1), "the same key pays once"
    assert 400 <= pay(api, invoice, "too much", amount=701).status_code < 500
    assert 400 <= pay(api, invoice, "nothing", amount=0).status_code < 500
    assert 400 <= pay(api, invoice, "negative", amount=-1).status_code < 500
    paid = pay(api, invoice, "wire-2").json()["data"]
    assert (paid["status"], paid["amount_paid"], paid["amount_remaining"]) == ("paid", 1000, 0)
    assert [settlement["amount"] for settlement in paid["settlements"]] == [300, 700]
    assert pay(api, invoice, "wire-3").status_code == 422
    assert api.send("POST", f"/invoices/{invoice['id']}/void").status_code == 422


def test_a_void_invoice_is_owed_no_more_and_keeps_its_number(api, acme):
    invoice = open_invoice(api, acme)
    void = api.post(f"/invoices/{invoice['id']}/void")
    assert (void["status"], void["document_state"], void["amount_remaining"]) == ("void", "void", 0)
    assert (void["number"], essence(void)) == (invoice["number"], essence(invoice))
    assert pay(api, invoice, "wire-1").status_code == 422
    assert api.send("POST", f"/invoices/{invoice['id']}/finalize").status_code == 422


def test_a_send_invoice_company_has_its_days_to_pay(api, metered):
    acme = api.company("acme")
    (profile,) = api.get("/billing/profiles", company_id=acme["id"])
    changed = api.put(f"/billing/profiles/{profile['id']}", {"days_until_due": 14, "timezone": "Asia/Tokyo"})
    assert (changed["days_until_due"], changed["timezone"], changed["is_default"]) == (14, "Asia/Tokyo", True)
    api.subscribe(acme, metered)
    invoice = open_invoice(api, acme)
    assert instant(invoice["due_at"]) == instant(invoice["finalized_at"]) + timedelta(days=14)
    assert api.send("PUT", f"/billing/profiles/{profile['id']}", {"timezone": "UTC"}).status_code == 400


# Closing -------------------------------------------------------------------------------------------------------------

def test_the_upcoming_invoice_is_what_the_close_then_issues(api, rng):
    api.clock(START)
    plan = api.plan("Everything", [
        (api.feature("payg"), per_unit(25)), (api.feature("steps"), tiers("graduated", *STEPS)),
        (api.feature("bulk"), tiers("volume", *BIG_STEPS)),
        (api.feature("more"), {**per_unit("0.25"), "price_behavior": "overage", "soft_limit": 100}),
        (api.seats(), {"value_type": "trait", "price_behavior": "pay_in_advance", "monthly_unit_price": 1000}),
    ], monthly_price=4900)
    acme = api.company("acme")
    api.subscribe(acme, plan, {plan.entitlements["seats"]["metered_monthly_price"]["id"]: 3})
    for name in ("payg", "steps", "bulk", "more"):
        api.track(event(name, "acme", rng.randint(1, 100_000)))

    upcoming = api.upcoming(acme)
    assert (upcoming["document_state"], upcoming["number"]) == ("draft", None)
    assert len(api.invoices(acme)) == 1, "asking issues nothing"
    api.clock(after_grace(BOUNDARY))
    issued = api.invoices(acme)[-1]
    assert essence(issued) == essence(upcoming) and issued["total"] == upcoming["total"]


def test_closing_again_changes_nothing(api, acme):
    api.track(event("call", "acme", 4))
    api.clock(after_grace(BOUNDARY))
    before = api.invoices(acme)
    for body in ({}, {"until": after_grace(BOUNDARY)}, {"until": START}):
        report = api.post("/billing/close", body)
        assert (report["closed"], report["invoices"]) == (0, 0)
    api.clock(after_grace(BOUNDARY))
    assert api.invoices(acme) == before


def test_the_future_cannot_be_closed(api, acme):
    answer = api.send("POST", "/billing/close", {"until": later(START, seconds=1)})
    assert answer.status_code == 400 and answer.json()["error"]


def test_the_clock_goes_forward_only(api, acme):
    api.clock(START)
    assert api.send("PUT", "/test-clock", {"now": later(START, milliseconds=-1)}).status_code == 400
    assert instant(api.get("/test-clock")["now"]) == instant(START)


def test_one_long_step_is_the_same_as_many_short_ones(api, metered):
    """Twelve boundaries in one move of the clock, in order, none skipped."""
    acme = api.subscribed("acme", metered)
    api.clock(after_grace("2027-03-01T00:00:00Z"))
    periods = base_periods(api, acme)
    assert len(periods) == 13
    assert all(end == start for (_, end), (start, _) in zip(periods, periods[1:]))
    assert [instant(invoice["finalized_at"]) for invoice in api.invoices(acme)[1:]] == [
        start + GRACE for start, _ in periods[1:]]


# Leaving and changing ------------------------------------------------------------------------------------------------

def cancel(api, company, **fields) -> dict:
    return api.post("/manage-plan/subscription/cancel", {"company_id": company["id"], **fields})


def test_cancelling_now_bills_what_has_been_used(api, acme):
    api.track(event("call", "acme", 6))
    api.clock("2026-03-16T12:00:00Z")
    assert cancel(api, acme, cancel_immediately=True, prorate=False)["success"] is True
    assert api.check("call", "acme")["value"] is False
    api.clock(after_grace(NEXT))
    _, last = api.invoices(acme)
    assert [(line["line_type"], line["amount"]) for line in last["lines"]] == [("usage", 150)]


def test_cancelling_at_the_end_of_the_period_serves_it_out(api, acme):
    api.track(event("call", "acme", 6))
    api.clock("2026-03-16T12:00:00Z")
    assert cancel(api, acme, cancel_immediately=False)["success"] is True
    assert instant(api.subscription(acme)["cancel_at"]) == instant(BOUNDARY)
    assert api.check("call", "acme")["value"] is True
    api.track(event("call", "acme", 1))
    api.clock(BOUNDARY)
    assert api.check("call", "acme")["value"] is False
    api.clock(after_grace(NEXT))
    _, last = api.invoices(acme)
    assert [(line["line_type"], line["amount"]) for line in last["lines"]] == [("usage", 175)]


def test_usage_survives_a_change_of_plan_and_is_billed_as_the_new_one_says(api, acme):
    """100 units accrued at 0.25; after an upgrade to 50 included, then 0.50: 25.00."""
    api.track(event("call", "acme", 100))
    feature = api.get("/features", q="call")[0]
    included = {**per_unit(50), "price_behavior": "overage", "soft_limit": 50}
    better = api.plan("Better", [(feature, included)], monthly_price=2000)
    before = api.subscription(acme)
    api.clock("2026-03-16T12:00:00Z")
    api.subscribe(acme, better)
    now = api.subscription(acme)
    assert all(now[field] == before[field] for field in ("id", "period_start", "period_end"))
    assert api.usage("acme", "call") == 100
    api.clock(after_grace(BOUNDARY))
    billed = [line for invoice in api.invoices(acme) for line in lines(invoice, "usage")]
    assert [(line["quantity"], line["amount"]) for line in billed] == [(100, 2500)]


def test_usage_rows_show_what_the_period_would_bill(api, acme):
    api.track(event("call", "acme", 100))
    api.clock(BOUNDARY)
    api.track(event("call", "acme", 10))
    row = api.usage_row("acme", "call")
    assert (row["usage"], row["billed_usage"]) == (110, 10)
