"""Downgrades that wait for the end of the billing period, and companies that do not pay."""

import pytest

from api import event, instant, lines
from test_change_plans import checkout

START = "2024-06-01T00:00:00Z"
END = "2024-07-01T00:00:00Z"


class World:
    def __init__(self, api, **settings):
        api.clock(START)
        self.api = api
        self.calls = api.feature("calls")
        self.sso = api.feature("sso", feature_type="boolean")
        self.seats = api.seats()

        def priced(cents):
            return {"value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": cents}

        on = {"value_type": "boolean", "value_bool": True}
        seat = {"value_type": "trait", "value_trait_id": self.seats["trait_id"], "price_behavior": "pay_in_advance",
                "monthly_unit_price": 500}
        self.free = api.free_plan("Free", (self.calls, {"value_type": "numeric", "value_numeric": 10,
                                                        "metric_period": "all_time"}))
        self.small = api.plan("Small", [(self.calls, priced(50))], monthly_price=4900)
        self.large = api.plan("Large", [(self.calls, priced(100)), (self.sso, on), (self.seats, seat)],
                              monthly_price=9900)
        self.huge = api.plan("Huge", [(self.calls, priced(10)), (self.sso, on)], monthly_price=20_000)
        self.group = api.post("/plan-groups", {"fallback_plan_id": self.free.id, **settings})

    def checkout(self, company, plan, seats=0):
        bought = {plan.entitlements["seats"]["metered_monthly_price"]["id"]: seats} if seats else None
        return self.api.send("POST", "/checkout-internal", checkout(self.api, company, plan, pay_in_advance=bought))

    def bought(self, company, plan, seats=0):
        answer = self.checkout(company, plan, seats)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def company(self, company):
        return self.api.get(f"/companies/{company['id']}")

    def plan_of(self, company):
        return self.company(company)["plan"]["name"]


@pytest.fixture
def world(api):
    return World(api, scheduled_downgrade_behavior="end_of_billing_period")


def test_pc_55_a_downgrade_waits_for_the_end_of_the_period(api, world):
    acme = api.subscribed("acme", world.large)
    old = api.subscription(acme)["id"]
    api.clock("2024-06-16T00:00:00Z")
    api.track(event("calls", "acme", 7))
    rows = len(api.all("/plan-changes", company_id=acme["id"]))
    preview = api.post("/checkout-internal/preview", checkout(api, acme, world.small))
    assert (preview["is_scheduled_downgrade"], preview["due_now"], preview["proration"]) == (True, 0, 0)
    assert world.bought(acme, world.small)["id"] == old
    shown = world.company(acme)
    waiting = shown["scheduled_downgrade"]
    told = ("from_plan_name", "to_plan_name", "from_subscription_price", "scheduled_price", "scheduled_interval")
    assert [waiting[name] for name in told] == ["Large", "Small", 9900, 4900, "month"]
    assert instant(waiting["effective_after"]) == instant(END)
    assert shown["plan"]["name"] == "Large" and api.check("sso", "acme")["value"] is True
    assert [invoice["total"] for invoice in api.invoices(acme)] == [9900]
    assert api.get(f"/companies/{acme['id']}/customer-balance")["balance"] == 0
    assert [row["id"] for row in api.get("/companies", has_scheduled_downgrade="true")] == [acme["id"]]
    [renewal] = [row for row in api.get("/renewals", within_days=30) if row["kind"] == "scheduled_downgrade"]
    assert renewal["to_plan_id"] == world.small.id
    assert len(api.all("/plan-changes", company_id=acme["id"])) == rows

    # Nothing can be added meanwhile.
    refused = world.checkout(acme, world.large, seats=3)
    assert refused.status_code == 400 and "scheduled_change_blocks_purchase" in refused.json()["error"]

    api.clock("2024-06-30T23:59:59.999Z")
    assert world.plan_of(acme) == "Large"
    assert [line["amount"] for line in lines(api.upcoming(acme), "usage")] == [700]
    api.clock(END)
    assert world.plan_of(acme) == "Small" and api.check("sso", "acme")["value"] is False
    assert world.company(acme)["scheduled_downgrade"] is None
    assert api.subscription(acme)["id"] != old
    api.track(event("calls", "acme", 1))
    api.clock("2024-08-01T02:00:00Z")
    amounts = [[(line["line_type"], line["amount"]) for line in invoice["lines"]] for invoice in api.invoices(acme)]
    assert sorted(map(sorted, amounts)) == sorted(map(sorted, [
        [("base", 9900)], [("usage", 700)], [("base", 4900)], [("usage", 50), ("base", 4900)]]))
    [row, *_] = api.get("/plan-changes", company_id=acme["id"], limit=1)
    told = ("action", "subscription_change_action", "created_at")
    assert [row[name] for name in told] == ["checkout", "downgrade", END]
    [done] = api.get("/scheduled-checkout", company_id=acme["id"])
    assert (done["status"], done["completed_at"]) == ("success", END)


def test_pc_55_fewer_units_wait_and_the_next_period_is_paid_for_them_only(api, world):
    acme = api.company("acme")
    world.bought(acme, world.large, 5)
    api.track(event("calls", "acme", 3))
    world.bought(acme, world.large, 2)
    assert instant(world.company(acme)["scheduled_downgrade"]["effective_after"]) == instant(END)
    upcoming = api.upcoming(acme)
    api.clock("2024-07-01T01:00:00Z")
    first, second = api.invoices(acme)
    assert [line["quantity"] for line in lines(first, "seat")] == [5]
    assert [(line["line_type"], line["quantity"], line["amount"]) for line in second["lines"]] == [
        ("usage", 3, 300), ("base", 1, 9900), ("seat", 2, 1000)]
    assert second["total"] == upcoming["total"]
    row = api.get("/plan-changes", company_id=acme["id"], limit=1)[0]
    assert (row["subscription_change_action"], row["action"]) == ("downgrade", "checkout")
    # And so it goes on.
    api.clock("2024-08-01T01:00:00Z")
    assert api.invoices(acme)[-1]["total"] == 9900 + 1000


def test_pc_55_paying_nothing_waits_too(api, world):
    acme = api.subscribed("acme", world.large)
    world.bought(acme, world.free)
    api.track(event("calls", "acme", 2))
    assert world.plan_of(acme) == "Large"
    api.clock(END)
    assert world.plan_of(acme) == "Free" and world.company(acme)["billing_subscription"] is None
    api.clock("2024-08-01T00:00:00Z")
    assert [invoice["total"] for invoice in api.invoices(acme)] == [9900, 200]


@pytest.mark.parametrize("way", ["status", "subscribe again", "upgrade", "manage plan", "leave"])
def test_pc_55_a_waiting_downgrade_is_called_off(api, world, way):
    acme = api.subscribed("acme", world.large)
    world.bought(acme, world.small)
    id = world.company(acme)["scheduled_downgrade"]["id"]
    if way == "status":
        assert api.put(f"/scheduled-checkout/{id}", {"status": "cancelled"})["status"] == "cancelled"
    elif way == "subscribe again":
        world.bought(acme, world.large)
    elif way == "upgrade":
        world.bought(acme, world.huge)
    elif way == "manage plan":
        api.subscribe(acme, world.small)
    else:
        api.post("/manage-plan/subscription/cancel", {"company_id": acme["id"]})
    expected = {"upgrade": "Huge", "manage plan": "Small", "leave": "Free"}.get(way, "Large")
    assert world.plan_of(acme) == expected
    assert world.company(acme)["scheduled_downgrade"] is None
    api.clock(END)
    assert world.plan_of(acme) == expected
    assert api.get(f"/scheduled-checkout/{id}")["status"] == "cancelled"
    again = api.send("PUT", f"/scheduled-checkout/{id}", {"status": "cancelled"})
    assert again.status_code == 422


def test_manage_plan_does_not_wait(api, world):
    acme = api.subscribed("acme", world.large)
    api.subscribe(acme, world.small)
    assert world.plan_of(acme) == "Small"


def test_a_change_is_scheduled_by_hand_and_moved(api):
    world = World(api)
    acme = api.subscribed("acme", world.small)
    body = {"company_id": acme["id"], "from_plan_id": world.small.id, "to_plan_id": world.huge.id}
    for wrong, word in [({"execute_after": START}, "execute_after"), ({"execute_after": "soon"}, "execute_after"),
                        ({"from_plan_id": world.large.id}, "from_plan_id"), ({"to_plan_id": "plan_x"}, "to_plan_id"),
                        ({"company_id": "comp_zzzzzzzzzzz"}, "company")]:
        refused = api.send("POST", "/scheduled-checkout", {"execute_after": END, **body, **wrong})
        assert refused.status_code in (400, 404) and word in refused.json()["error"], refused.text
    made = api.post("/scheduled-checkout", {**body, "execute_after": "2024-06-11T00:00:00Z"})
    assert (made["status"], made["scheduled_price"]) == ("pending", 20_000)
    moved = api.put(f"/scheduled-checkout/{made['id']}", {"execute_after": END})
    assert moved["execute_after"] == END
    assert api.send("PUT", f"/scheduled-checkout/{made['id']}", {"status": "success"}).status_code == 400
    api.clock("2024-06-20T00:00:00Z")
    assert world.plan_of(acme) == "Small"
    api.track(event("calls", "acme", 4))
    api.clock(END)
    assert world.plan_of(acme) == "Huge"
    # The old period closes first; the upgrade is one at the beginning of the next.
    api.clock("2024-08-01T02:00:00Z")
    total = sum(invoice["total"] for invoice in api.invoices(acme))
    assert total == 4900 + 4 * 50 + 20_000 + 20_000
    assert [row["status"] for row in api.get("/scheduled-checkout", status="success")] == ["success"]


def test_a_downgrade_scheduled_for_the_middle_of_a_period_is_one_like_any_other(api):
    world = World(api)
    acme = api.subscribed("acme", world.large)
    api.post("/scheduled-checkout", {
        "company_id": acme["id"], "from_plan_id": world.large.id, "to_plan_id": world.small.id,
        "execute_after": "2024-06-16T00:00:00Z"})
    api.clock("2024-06-20T00:00:00Z")
    assert world.plan_of(acme) == "Small"
    assert instant(api.subscription(acme)["period_start"]) == instant("2024-06-16T00:00:00Z")
    # The unused half of 99.00 pays the 49.00 of the new period.
    assert api.get(f"/companies/{acme['id']}/customer-balance")["balance"] == 50


@pytest.mark.parametrize("kill", [False, True], ids=["restart", "kill -9"])
def test_pc_55_survives(server, kill):
    world = World(server.api, scheduled_downgrade_behavior="end_of_billing_period")
    acme = server.api.subscribed("acme", world.large)
    world.bought(acme, world.small)
    server.kill() if kill else server.stop()
    server.start()
    world.api = server.api
    assert world.company(acme)["scheduled_downgrade"]["to_plan_name"] == "Small"
    server.api.clock(END)
    server.kill() if kill else server.stop()
    server.start()
    world.api = server.api
    assert world.plan_of(acme) == "Small"
    assert len(server.api.all("/plan-changes", company_id=acme["id"])) == 3


# Unpaid --------------------------------------------------------------------------------------------------------------


def gate(api, company, **fields):
    [profile] = api.get("/billing/profiles", company_id=company["id"])
    return api.send("PUT", f"/billing/profiles/{profile['id']}", fields)


def test_pc_05_an_uncollectible_invoice_leads_to_the_fallback_plan(api):
    world = World(api)
    acme = api.subscribed("acme", world.large)
    api.clock("2024-06-10T00:00:00Z")
    api.track(event("calls", "acme", 3))
    [invoice] = api.invoices(acme)
    assert api.check("sso", "acme")["value"] is True
    api.post(f"/invoices/{invoice['id']}/mark-uncollectible")
    assert (world.plan_of(acme), api.check("sso", "acme")["value"]) == ("Free", False)
    assert api.usage("acme", "calls") == 3
    [row, *_] = api.get("/plan-changes", company_id=acme["id"], limit=1)
    told = ("action", "base_plan_action", "subscription_change_action", "actor_type")
    assert [row[name] for name in told] == ["subscription_change", None, None, "api_key"]
    api.post(f"/invoices/{invoice['id']}/mark-paid", {"idempotency_key": "k"})
    assert world.plan_of(acme) == "Free"
    api.clock("2024-09-01T00:00:00Z")
    assert [invoice["total"] for invoice in api.invoices(acme)] == [9900, 300]


def test_pc_02_unpaid_leaves_what_managing_the_plan_would_leave(api):
    world = World(api)

    def left(name, leave):
        company = api.subscribed(name, world.large)
        override = api.post("/company-overrides", {
            "company_id": company["id"], "feature_id": world.calls["id"], "value_type": "numeric", "value_numeric": 77})
        api.track(event("calls", name, 3))
        leave(company)
        seen = api.get(f"/companies/{company['id']}")
        row, last = api.usage_row(name, "calls"), api.invoices(company)[-1]
        assert api.get(f"/company-overrides/{override['id']}")["value_numeric"] == 77
        return {
            "plan": seen["plan"]["name"], "subscription": seen["billing_subscription"], "sso": api.check("sso", name)["value"],
            "calls": (row["usage"], row["allocation"]), "upcoming": api.send(
                "GET", f"/companies/{company['id']}/upcoming-invoice").status_code,
            "last": (last["document_state"], [(x["line_type"], x["quantity"], x["amount"]) for x in last["lines"]])}

    def unpaid(company):
        [invoice] = api.invoices(company)
        api.post(f"/invoices/{invoice['id']}/mark-uncollectible")

    assert left("acme", unpaid) == left("bob", lambda company: api.subscribe(company, world.free))


@pytest.mark.parametrize("pay", [False, True])
def test_pc_05_an_invoice_that_stays_open_too_long(api, pay):
    world = World(api)
    acme, bob = api.company("acme"), api.company("bob")
    assert gate(api, acme, days_until_due=14, payment_gating="revoke_after", gating_days=7).status_code == 200
    for company in (acme, bob):
        api.subscribe(company, world.large)
    [invoice] = api.invoices(acme)
    assert instant(invoice["due_at"]) == instant("2024-06-15T00:00:00Z")
    api.clock("2024-06-21T23:59:59.999Z")
    assert world.plan_of(acme) == "Large"
    if pay:
        api.post(f"/invoices/{invoice['id']}/mark-paid", {"idempotency_key": "k"})
    api.clock("2024-06-22T00:00:00Z")
    assert [world.plan_of(company) for company in (acme, bob)] == ["Large" if pay else "Free", "Large"]
    if not pay:
        [row, *_] = api.get("/plan-changes", company_id=acme["id"], limit=1)
        assert (row["action"], row["actor_type"]) == ("subscription_change", "system")


def test_gating_is_set_by_name(api):
    acme = api.company("acme")
    assert gate(api, acme, gating_days=3).status_code == 400
    assert gate(api, acme, payment_gating="revoke_after", gating_days=400).status_code == 400
    assert gate(api, acme, payment_gating="never").status_code == 400
    shown = gate(api, acme, payment_gating="revoke_after").json()["data"]
    assert (shown["payment_gating"], shown["gating_days"]) == ("revoke_after", 0)
    shown = gate(api, acme, gating_days=3).json()["data"]
    assert (shown["payment_gating"], shown["gating_days"]) == ("revoke_after", 3)
    shown = gate(api, acme, payment_gating="keep_serving").json()["data"]
    assert (shown["payment_gating"], shown["gating_days"]) == ("keep_serving", 0)
