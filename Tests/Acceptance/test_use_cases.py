"""The use cases of an app that has only the official SDK, with numbers by chance: by its sync and its async client."""

import asyncio
import datetime as dt
import inspect

import pytest
from schematic import EventBodyIdentifyCompany
from schematic.client import AsyncSchematic, AsyncSchematicConfig, CheckOptions, CreditLeaseConfig
from schematic.core.api_error import ApiError

from api import instant, lines
from catalog import Catalog, client
from server import SECRET_KEY
from test_consume import in_parallel

DAY = dt.timedelta(days=1)
MONTHLY = {"metric_period": "current_month", "metric_period_month_reset": "billing_cycle"}
LEASES = CreditLeaseConfig(mode="server")


class Awaited:
    """The async client in the form of the sync one, so that both are driven by the same lines."""

    def __init__(self, target, loop: asyncio.AbstractEventLoop):
        self._target, self._loop = target, loop

    def __getattr__(self, name: str):
        value = getattr(self._target, name)
        if not callable(value):
            return Awaited(value, self._loop)

        def call(*arguments, **named):
            result = value(*arguments, **named)
            return self._loop.run_until_complete(result) if inspect.isawaitable(result) else result
        return call


@pytest.fixture(params=["sync", "async"])
def sdk(server, request):
    if request.param == "sync":
        sdk = client(server.url, credit_leases=LEASES)
        yield sdk
        sdk.shutdown()
        return
    loop = asyncio.new_event_loop()

    async def made():
        return AsyncSchematic(SECRET_KEY, AsyncSchematicConfig(
            base_url=server.url, event_capture_url=server.url, cache_providers=[], event_buffer_period=1, timeout=30,
            credit_leases=LEASES))
    sdk = Awaited(loop.run_until_complete(made()), loop)
    yield sdk
    sdk.shutdown()
    loop.close()


@pytest.fixture
def catalog(sdk):
    return Catalog(sdk)


def usage_row(catalog, company, feature):
    return only(catalog.sdk.entitlements.list_feature_usage(company_id=company.id, feature_ids=[feature.id]).data)


def only(rows):
    assert len(rows) == 1, rows
    return rows[0]


def pages(call, limit: int = 7, **query):
    """Every row of a list, in pages that do not fit it."""
    rows = []
    while page := call(limit=limit, offset=len(rows), **query).data:
        rows += page
    return rows


def hundredths(part: int, whole: int) -> float:
    return part * 10_000 // whole / 100


# UC1: convert and expand ----------------------------------------------------------------------------------------------

def test_uc1_who_has_used_up_a_free_plan_goes_on_with_a_paid_one(catalog, rng):
    for index in range(3):
        small, large = rng.randint(1, 500), rng.randint(501, 5000)
        free, paid = (
            catalog.plan(f"{name} {index}", (catalog.api, {"value_type": "numeric", "value_numeric": limit, **MONTHLY}),
                         **prices)
            for name, limit, prices in [("Small", small, {}), ("Large", large, {"monthly_price": 4900})])
        company = catalog.company(f"company-{index}")
        catalog.move(company, free)
        catalog.track(f"company-{index}", small)
        full = catalog.check(f"company-{index}")
        assert (full.value, full.rule_type) == (False, "plan_entitlement_usage_exceeded")
        assert (full.feature_usage, full.feature_allocation) == (small, small)

        catalog.move(company, paid)
        more = catalog.check(f"company-{index}")
        assert (more.value, more.entitlement.usage, more.entitlement.allocation) == (True, small, large)


# UC4: price by usage --------------------------------------------------------------------------------------------------

def test_uc4_overage_warns_at_the_soft_limit_charges_above_it_and_stops_at_the_hard_one(catalog, server, rng):
    soft = rng.randint(10, 1000)
    hard = soft + rng.randint(2, 1000)
    cents = rng.randint(1, 99)
    plan = catalog.plan("Overage", (catalog.api, {
        "value_type": "numeric", "value_numeric": hard, "price_behavior": "overage", "soft_limit": soft,
        "monthly_unit_price": cents, "currency": "usd", **MONTHLY}), monthly_price=1000)
    acme = catalog.company("acme")
    catalog.move(acme, plan)
    used = 0
    for goal in sorted({rng.randint(1, soft - 1), soft, soft + 1, rng.randint(soft + 1, hard - 1), hard - 1, hard}):
        catalog.track("acme", goal - used)
        used = goal
        overuse = max(0, used - soft)
        row = usage_row(catalog, acme, catalog.api)
        assert (row.usage, row.soft_limit, row.effective_limit, row.allocation) == (used, soft, soft, hard)
        assert (row.overuse, row.percent_used) == (overuse, hundredths(used, soft))
        assert (row.price_behavior, row.effective_price) == ("overage", cents if used >= soft else 0)
        assert catalog.check("acme").value is row.access is (used < hard)
        upcoming = server.api.upcoming({"id": acme.id})
        assert [(line["quantity"], line["amount"]) for line in lines(upcoming, "usage")] == [(used, overuse * cents)]


def test_uc4_each_price_behaviour_gives_and_charges_what_it_says(catalog, server, rng):
    limit, cents, flat, seats = rng.randint(20, 400), rng.randint(1, 50), rng.randint(1, 999), rng.randint(2, 30)
    used = rng.randint(limit // 2, limit - 1)
    tiers = [{"up_to": limit // 3, "per_unit_price": cents, "flat_amount": flat}, {"per_unit_price": 2 * cents}]
    graduated = limit // 3 * cents + flat + (used - limit // 3) * 2 * cents
    behaviours = [  # fields, what the usage costs, effective limit
        ({"value_type": "numeric", "value_numeric": limit}, None, limit),
        ({"value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": cents},
         used * cents, None),
        ({"value_type": "numeric", "value_numeric": limit, "price_behavior": "pay_as_you_go",
          "monthly_unit_price": cents}, used * cents, limit),
        ({"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "graduated", "monthly_price_tiers": tiers},
         graduated, limit // 3),
        ({"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "volume", "monthly_price_tiers": tiers},
         used * 2 * cents, limit // 3),
    ]
    for index, (fields, amount, effective) in enumerate(behaviours):
        key = f"company-{index}"
        company = catalog.company(key)
        catalog.move(company, catalog.plan(
            f"Plan {index}", (catalog.api, {**fields, "currency": "usd", **MONTHLY}), monthly_price=1000))
        catalog.track(key, used)
        row = usage_row(catalog, company, catalog.api)
        assert (row.usage, row.effective_limit, row.access) == (used, effective, True), fields
        assert row.is_unlimited is (fields["value_type"] == "unlimited")
        charged = [line["amount"] for line in lines(server.api.upcoming({"id": company.id}), "usage")]
        assert charged == ([] if amount is None else [amount]), fields

    used_seats = catalog.sdk.companies.list_entity_trait_definitions(entity_type="company").data[0]
    plan = catalog.plan("Seats", (catalog.seats, {
        "value_type": "trait", "value_trait_id": used_seats.id, "price_behavior": "pay_in_advance",
        "monthly_unit_price": 1000, "currency": "usd"}), monthly_price=1000)
    company = catalog.company("seated", traits={"seats_used": seats - 1})
    price = plan.entitlements[0].metered_monthly_price.price_id
    outcome = catalog.sdk.checkout.manage_plan(
        company_id=company.id, base_plan_id=plan.id, add_on_selections=[], credit_bundles=[], custom_field_values=[],
        pay_in_advance_entitlements=[{"price_id": price, "quantity": seats}]).data
    assert outcome.success
    row = usage_row(catalog, company, catalog.seats)
    assert (row.usage, row.allocation, row.percent_used) == (seats - 1, seats, hundredths(seats - 1, seats))
    catalog.sdk.companies.upsert_company_trait(keys={"id": "seated"}, trait="seats_used", incr=1)
    assert catalog.check("seated", "seats").value is False


@pytest.mark.parametrize("period, now, reset", [
    ("current_day", "2026-03-07T22:10:00Z", "2026-03-08T00:00:00Z"),
    ("current_week", "2026-03-07T22:10:00Z", "2026-03-08T00:00:00Z"),
    ("current_month", "2026-02-28T12:00:00Z", "2026-03-01T00:00:00Z"),
])
def test_uc4_a_period_begins_anew_at_its_instant(catalog, server, rng, period, now, reset):
    limit = rng.randint(1, 100)
    server.api.clock(now)
    company = catalog.company("acme")
    catalog.move(company, catalog.plan("Plan", (catalog.api, {
        "value_type": "numeric", "value_numeric": limit, "metric_period": period})))
    catalog.track("acme", limit)
    full = catalog.check("acme")
    assert (full.value, full.feature_usage_reset_at) == (False, instant(reset))
    server.api.clock((instant(reset) - dt.timedelta(milliseconds=1)).isoformat(timespec="milliseconds"))
    assert catalog.check("acme").value is False
    server.api.clock(reset)
    fresh = catalog.check("acme")
    assert (fresh.value, fresh.entitlement.usage) == (True, 0)


# UC4: exact limits ----------------------------------------------------------------------------------------------------

def reserve(catalog, key: str, quantity: int, flag: str = "api", **options):
    return catalog.sdk.check(flag, company={"id": key}, options=CheckOptions(usage=quantity, **options))


def settle(catalog, reservation, quantity: int):
    catalog.sdk.track_with_reservation(reservation, quantity)
    catalog.sdk.event_buffer.flush()


def used_and_left(catalog, company, feature, key: str, flag: str = "api"):
    """What is used, and the most that can still be held."""
    row = usage_row(catalog, company, feature)
    low, high = 0, row.allocation
    while low < high:
        middle = (low + high + 1) // 2
        probe = reserve(catalog, key, middle, flag)
        if probe.reservation:
            settle(catalog, probe.reservation, 0)
        low, high = (middle, high) if probe.allowed else (low, middle - 1)
    return row.usage, low


def test_uc4_a_check_holds_units_and_the_event_that_follows_settles_them(catalog, rng):
    limit = rng.randint(20, 200)
    company = catalog.company("acme")
    catalog.move(company, catalog.plan(
        "Plan", (catalog.api, {"value_type": "numeric", "value_numeric": limit, "metric_period": "current_month"})))
    held = rng.randint(2, limit - 2)
    first = reserve(catalog, "acme", held)
    assert (first.allowed, first.reservation.quantity_reserved, first.reservation.event_subtype) == (
        True, held, "api-call")
    assert (first.reservation.credit_type_id, first.reservation.credits_reserved) == ("", 0)
    assert first.entitlement.allocation == limit
    refused = reserve(catalog, "acme", limit - held + 1)
    assert (refused.allowed, refused.reservation) == (False, None)
    assert used_and_left(catalog, company, catalog.api, "acme") == (0, limit - held)

    less = rng.randint(1, held - 1)
    settle(catalog, first.reservation, less)
    assert used_and_left(catalog, company, catalog.api, "acme") == (less, limit - less)
    settle(catalog, first.reservation, less)
    assert used_and_left(catalog, company, catalog.api, "acme") == (less, limit - less), "a settlement counts once"

    unused = reserve(catalog, "acme", limit - less)
    assert unused.allowed and not reserve(catalog, "acme", 1).allowed
    settle(catalog, unused.reservation, 0)
    assert used_and_left(catalog, company, catalog.api, "acme") == (less, limit - less)

    more = reserve(catalog, "acme", 1)
    settle(catalog, more.reservation, limit)
    assert usage_row(catalog, company, catalog.api).usage == less + limit
    assert reserve(catalog, "acme", 1).allowed is False


def test_uc4_seats_are_held_and_taken_by_the_same_calls(catalog, rng):
    limit = rng.randint(3, 40)
    company = catalog.company("acme", traits={"seats_used": 1})
    catalog.move(company, catalog.plan("Plan", (catalog.seats, {"value_type": "numeric", "value_numeric": limit})))
    invited = reserve(catalog, "acme", limit - 1, "seats")
    assert invited.allowed and not reserve(catalog, "acme", 1, "seats").allowed
    joined = rng.randint(0, limit - 2)
    settle(catalog, invited.reservation, joined)
    assert catalog.sdk.companies.get_company(company.id).data.traits["seats_used"] == 1 + joined
    assert used_and_left(catalog, company, catalog.seats, "acme", "seats") == (1 + joined, limit - 1 - joined)


def test_uc4_many_callers_hold_exactly_what_is_left(catalog, server, rng):
    limit = rng.randint(5, 30)
    company = catalog.company("acme")
    catalog.move(company, catalog.plan("Plan", (catalog.api, {"value_type": "numeric", "value_numeric": limit})))
    body = {"company": {"id": "acme"}, "quantity": 1}

    def held(api, _) -> int:
        answer = api.post("/flags/api/check-and-reserve", body)
        assert answer["value"] is (answer["reservation"] is not None)
        return int(answer["value"])
    assert sum(in_parallel(server, range(64), held)) == limit
    assert usage_row(catalog, company, catalog.api).usage == 0


def test_uc4_where_nothing_limits_there_is_still_something_to_settle_and_elsewhere_nothing(catalog):
    company = catalog.company("acme")
    catalog.move(company, catalog.team)
    free = reserve(catalog, "acme", 10_000)
    settle(catalog, free.reservation, 9_000)
    assert usage_row(catalog, company, catalog.api).usage == 9_000
    switched = reserve(catalog, "acme", 1, "sso")
    assert (switched.allowed, switched.reservation) == (True, None)
    unknown = reserve(catalog, "nobody", 1)
    assert (unknown.allowed, unknown.reservation, unknown.reason) == (False, None, "Company not found")
    with pytest.raises(ApiError) as refusal:
        catalog.sdk.features.check_and_reserve_flag("no-flag", company={"id": "acme"}, quantity=1)
    assert refusal.value.status_code == 404


# UC5: bill for usage --------------------------------------------------------------------------------------------------

def test_uc5_corrections_lower_the_bill_of_the_period_they_fall_in(catalog, server, rng):
    cents, base = rng.randint(1, 500), rng.randint(100, 9000)
    plan = catalog.plan("Metered", (catalog.api, {
        "value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": cents, "currency": "usd",
        **MONTHLY}), monthly_price=base)
    start = dt.datetime(2026, 3, rng.randint(1, 28), rng.randint(0, 23), rng.randint(0, 59), tzinfo=dt.timezone.utc)
    server.api.clock(start.isoformat())
    acme = catalog.company("acme")
    catalog.move(acme, plan)
    end = only(catalog.sdk.companies.get_company(acme.id).data.billing_subscriptions).period_end
    end = dt.datetime.fromtimestamp(end, dt.timezone.utc)
    counts = [0, 0]
    for _ in range(8):
        at = start + rng.random() * 1.9 * (end - start)
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        quantity = rng.choice([1, rng.randint(1, 300), -rng.randint(1, 20)])
        counts[at >= end] += quantity
        now = max(at, instant(server.api.get("/test-clock")["now"]))
        server.api.clock(now.isoformat())
        if now < end or at >= end:
            catalog.track("acme", quantity, sent_at=at, trusted_client_clock=True)
        else:
            counts[0] -= quantity
    server.api.clock((end + 40 * DAY).isoformat())
    billed = [
        (line.quantity, line.amount)
        for row in reversed(catalog.sdk.billing.list_billing_invoices(company_id=acme.id).data)
        for line in catalog.sdk.billing.get_billing_invoice(row.id).data.lines if line.line_type == "usage"]
    assert billed == [(count, max(0, count) * cents) for count in counts]


# UC8: sales-assisted trials -------------------------------------------------------------------------------------------

def test_uc8_a_pilot_ends_by_itself_is_extended_and_stays_visible(catalog, server, rng):
    entitlements = catalog.sdk.entitlements
    start = dt.datetime(2026, 5, rng.randint(1, 8), rng.randint(0, 23), tzinfo=dt.timezone.utc)
    days, units = rng.randint(2, 20), rng.randint(11, 900)
    end = start + days * DAY
    server.api.clock(start.isoformat())
    acme = catalog.company("acme")
    sso = catalog.override(
        acme, catalog.sso, value_type="boolean", value_bool=True, expiration_date=end, note="pilot of single sign-on")
    api = catalog.override(
        acme, catalog.api, value_type="numeric", value_numeric=units, expiration_date=end, note="pilot")
    assert (sso.expiration_date, [note.note for note in sso.notes]) == (end, ["pilot of single sign-on"])
    assert sso.company.id == acme.id and sso.feature.id == catalog.sso.id
    assert catalog.check("acme", "sso").value is True
    catalog.track("acme", units - 1)
    row = usage_row(catalog, acme, catalog.api)
    assert (row.access, row.allocation, row.entitlement_source) == (True, units, "company_override")
    assert (row.entitlement_expiration_date, row.company_override.id) == (end, api.id)
    assert row.percent_used == hundredths(units - 1, units)
    with pytest.raises(ApiError) as refusal:
        catalog.override(acme, catalog.sso, value_type="boolean", value_bool=True)
    assert refusal.value.status_code == 400 and sso.id in str(refusal.value.body)

    longer = end + rng.randint(1, 9) * DAY
    extended = entitlements.update_company_override(
        sso.id, value_type="boolean", value_bool=True, expiration_date=longer, note="a week more").data
    assert (extended.id, extended.expiration_date) == (sso.id, longer)
    assert [note.note for note in extended.notes] == ["pilot of single sign-on", "a week more"]

    server.api.clock((end - dt.timedelta(milliseconds=1)).isoformat(timespec="milliseconds"))
    assert [catalog.check("acme", flag).value for flag in ("sso", "api")] == [True, True]
    server.api.clock(end.isoformat())
    assert [catalog.check("acme", flag).value for flag in ("sso", "api")] == [True, False]
    assert usage_row(catalog, acme, catalog.api).entitlement_source == "plan"
    server.api.clock(longer.isoformat())
    assert catalog.check("acme", "sso").value is False
    mine = {"company_id": acme.id}
    assert {row.id for row in entitlements.list_company_overrides(**mine).data} == {sso.id, api.id}
    assert entitlements.list_company_overrides(**mine, without_expired=True).data == []
    assert entitlements.count_company_overrides(**mine, without_expired=True).data.count == 0

    again = longer + 3 * DAY
    entitlements.update_company_override(sso.id, value_type="boolean", value_bool=True, expiration_date=again)
    assert catalog.check("acme", "sso").value is True
    assert only(entitlements.list_company_overrides(**mine, without_expired=True).data).id == sso.id
    for query, found in [("PILOT", []), ("acme", [sso.id]), ("Ss", [sso.id]), ("nothing", [])]:
        rows = entitlements.list_company_overrides(**mine, without_expired=True, q=query).data
        assert [row.id for row in rows] == found, query
    assert entitlements.delete_company_override(sso.id).data.deleted is True
    assert catalog.check("acme", "sso").value is False


# UC9: upsells ---------------------------------------------------------------------------------------------------------

def test_uc9_more_seats_raise_the_limit_at_once_and_keep_those_that_are_taken(catalog, rng):
    bought = rng.randint(1, 20)
    company = catalog.company("acme", traits={"seats_used": bought})
    price = catalog.pro.entitlements[1].metered_monthly_price.price_id
    for quantity in [bought, bought + rng.randint(1, 20)]:
        catalog.sdk.checkout.manage_plan(
            company_id=company.id, base_plan_id=catalog.pro.id, add_on_selections=[], credit_bundles=[],
            custom_field_values=[], pay_in_advance_entitlements=[{"price_id": price, "quantity": quantity}])
        seats = catalog.check("acme", "seats")
        assert (seats.value, seats.entitlement.usage, seats.entitlement.allocation) == (
            quantity > bought, bought, quantity)


# UC10: exceptions -----------------------------------------------------------------------------------------------------

PERIOD_DAYS = {"current_day": 1, "current_week": 7, "current_month": 30}


def test_uc10_of_plan_and_override_the_more_generous_by_the_day_applies(catalog, rng):
    """Rates are compared, so 30 a week is more than 100 a month."""
    for index in range(12):
        (own, own_limit), (plan, plan_limit) = (
            (rng.choice(list(PERIOD_DAYS)), rng.randint(1, 200)) for _ in range(2))
        key = f"company-{index}"
        company = catalog.company(key)
        catalog.move(company, catalog.plan(f"Plan {index}", (catalog.api, {
            "value_type": "numeric", "value_numeric": plan_limit, "metric_period": plan})))
        override = catalog.override(
            company, catalog.api, value_type="numeric", value_numeric=own_limit, metric_period=own)
        wins = own_limit * PERIOD_DAYS[plan] > plan_limit * PERIOD_DAYS[own]
        limit, period, source = (own_limit, own, "company_override") if wins else (plan_limit, plan, "plan")
        row = usage_row(catalog, company, catalog.api)
        assert (row.allocation, row.period, row.entitlement_source) == (limit, period, source)
        catalog.track(key, limit - 1)
        assert catalog.check(key).value is True
        catalog.track(key, 1)
        decided = catalog.check(key)
        # A smaller allowance over a longer period may still have something left.
        assert decided.value is (max(own_limit, plan_limit) > limit)
        assert (decided.entitlement.usage, decided.entitlement.allocation) == (limit, limit)
        catalog.sdk.entitlements.delete_company_override(override.id)
        assert usage_row(catalog, company, catalog.api).allocation == plan_limit


# UC11: usage signals --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sample", [True, False], ids=["sample", "random"])
def test_uc11_who_is_near_a_limit_at_it_or_far_from_it(catalog, server, rng, sample):
    limit = 100 if sample else rng.randint(10, 300)
    used = list(range(1, 101)) if sample else [rng.randint(0, limit) for _ in range(40)]
    plan = catalog.plan("Plan", (catalog.api, {"value_type": "numeric", "value_numeric": limit,
                                               "metric_period": "current_month"}))
    sdk = catalog.sdk
    hour = instant(dt.datetime.now(dt.timezone.utc).isoformat()).replace(minute=0, second=0, microsecond=0)
    keys = {}
    for index, quantity in enumerate(used):
        company = catalog.company(f"company-{index}")
        catalog.move(company, plan)
        keys[company.id] = quantity
        if quantity:
            sdk.track("api-call", company={"id": f"company-{index}"}, quantity=quantity)
    sdk.event_buffer.flush()
    stranger = catalog.company("stranger")

    query = {"feature_id": catalog.api.id, "q": "company-"}
    rows = pages(sdk.entitlements.list_feature_companies, limit=33, **query)
    assert {row.company.id: row.usage for row in rows} == keys
    assert sdk.entitlements.count_feature_companies(**query).data.count == len(used)
    assert all(row.percent_used == hundredths(row.usage, limit) and row.allocation == limit for row in rows)
    for chosen, expected in [
            (lambda share: share >= 80, lambda n: n * 100 >= 80 * limit),
            (lambda share: share >= 100, lambda n: n >= limit), (lambda share: share < 20, lambda n: n * 5 < limit)]:
        assert sum(chosen(row.percent_used) for row in rows) == sum(map(expected, used))
    assert [row.access for row in rows] == [row.usage < limit for row in rows]
    if sample:
        counts = [sum(low <= row.percent_used < high for row in rows) for low, high in [(80, 999), (100, 999), (0, 20)]]
        assert counts == [21, 1, 19]

    history = pages(
        sdk.entitlements.list_feature_usage_history, limit=9, start_time=hour - DAY,
        end_time=hour + dt.timedelta(hours=2), granularity="hourly", feature_ids=[catalog.api.id])
    totals = {}
    for row in history:
        assert row.event_subtype == "api-call" and row.period_end - row.period_start == dt.timedelta(hours=1)
        totals[row.company_id] = totals.get(row.company_id, 0) + row.usage
    assert totals == {company: quantity for company, quantity in keys.items() if quantity}

    on_plan = pages(sdk.companies.list_companies, limit=30, plan_id=plan.id)
    assert {row.id for row in on_plan} == set(keys) and stranger.id not in keys
    assert sdk.companies.count_companies(plan_ids=[plan.id, catalog.free.id]).data.count == len(keys) + 1
    chosen = rng.randrange(len(used))
    sdk.identify(keys={"user_id": "wile"}, company=EventBodyIdentifyCompany(keys={"id": f"company-{chosen}"}))
    sdk.event_buffer.flush()
    newest = sdk.companies.list_companies(sort_order_column="last_seen_at", sort_order_direction="desc", limit=2).data
    assert newest[0].name == f"company-{chosen}" and newest[0].last_seen_at >= hour and newest[1].last_seen_at is None
    by_name = pages(
        sdk.companies.list_companies, limit=30, plan_id=plan.id, sort_order_column="name", sort_order_direction="asc")
    assert [row.name for row in by_name] == sorted(f"company-{index}" for index in range(len(used)))


# UC12: renewals -------------------------------------------------------------------------------------------------------

def test_uc12_what_ends_soon_is_found_with_its_date(catalog, server, rng):
    now = dt.datetime(2026, 6, 3, rng.randint(0, 23), tzinfo=dt.timezone.utc)
    server.api.clock((now - 21 * DAY).isoformat())
    renewing = catalog.company("renewing")
    catalog.move(renewing, catalog.pro)
    server.api.clock(now.isoformat())
    soon = {}
    for index, days in enumerate([3, 10, 14, 15, 40, rng.randint(1, 13), rng.randint(16, 90)]):
        company = catalog.company(f"company-{index}")
        end = now + days * DAY
        override = catalog.override(company, catalog.sso, value_type="boolean", value_bool=True, expiration_date=end)
        if days <= 14:
            soon[override.id] = end
    catalog.override(catalog.company("for-ever"), catalog.sso, value_type="boolean", value_bool=True)

    rows = pages(catalog.sdk.entitlements.list_company_overrides, limit=3, without_expired=True)
    assert {row.id: row.expiration_date for row in rows
            if row.expiration_date and row.expiration_date <= now + 14 * DAY} == soon
    subscribed = only(pages(catalog.sdk.companies.list_companies, with_subscription=True))
    end = dt.datetime.fromtimestamp(only(subscribed.billing_subscriptions).period_end, dt.timezone.utc)
    assert (subscribed.id, end) == (renewing.id, instant("2026-06-13T00:00:00Z") + (now - now.replace(hour=0)))
