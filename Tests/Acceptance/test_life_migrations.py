"""A new version of a plan and the companies on the old ones: who is moved, when, at which price, and what is seen of it."""

from datetime import timedelta

import pytest

from api import event, instant, lines, rfc3339

START = "2026-04-01T00:00:00Z"  # April has 30 days.
HALF = "2026-04-16T00:00:00Z"
END = "2026-05-01T00:00:00Z"
MONTHLY = {"metric_period": "current_month", "metric_period_month_reset": "billing_cycle"}


class Pro:
    """A plan with a limit and a price whose second version, not yet published, has others."""

    def __init__(self, api, limits=(1000, 800), prices=(4900, 5900)):
        self.api = api
        api.clock(START)
        self.calls = api.feature("calls")
        self.plan = api.plan(
            "Pro", [(self.calls, {"value_type": "numeric", "value_numeric": limits[0], **MONTHLY})],
            monthly_price=prices[0])
        self.v1 = self.plan.version_id
        self.limits, self.prices = limits, prices

    def draft(self, limit=None, **prices) -> str:
        """Makes the draft of the next version."""
        prices = prices or {"monthly_price": self.prices[1]}
        self.api.put(f"/plans/{self.plan.id}/billing_products", {
            "charge_type": "recurring", "is_trialable": False, "currency": "usd", **prices})
        draft = self.api.get(f"/plans/{self.plan.id}")["draft_version"]["id"]
        rows = self.api.get("/plan-entitlements", plan_version_id=draft)
        self.api.put(f"/plan-entitlements/{rows[0]['id']}", {
            "value_type": "numeric", "value_numeric": limit or self.limits[1], **MONTHLY})
        return draft

    def publish(self, version: str, strategy: str, excluded=(), **fields):
        self.api.put(f"/plans/version/{version}/publish", {
            "excluded_company_ids": [company["id"] for company in excluded], "migration_strategy": strategy, **fields})
        return self.migration()

    def migration(self):
        rows = self.api.get("/plan-version-migrations")
        return rows[0] if rows else None

    def company(self, key: str):
        return self.api.subscribed(key, self.plan)

    def terms(self, company: dict) -> tuple:
        """Version, limit and monthly price of a company, as it is seen from outside."""
        shown = self.api.get(f"/companies/{company['id']}")
        row = self.api.usage_row(company["name"], "calls")
        return shown["plan"]["plan_version_id"], row["allocation"], shown["plan"]["plan_price"]

    def records(self, migration: dict, **query) -> dict:
        rows = self.api.all("/plan-version-company-migrations", migration_id=migration["id"], **query)
        return {row["company_name"]: row for row in rows}


def counts(migration: dict) -> tuple:
    return tuple(migration[f"{name}_companies"] for name in ("total", "completed", "failed", "skipped"))


def test_publish_moves_all_but_the_excluded_at_once(api):
    pro = Pro(api)
    a, b, c = (pro.company(key) for key in "abc")
    api.track(event("calls", "a", 7))
    subscription = api.subscription(a)
    v2 = pro.draft()
    assert [pro.terms(company) for company in (a, b, c)] == [(pro.v1, 1000, 4900)] * 3
    api.clock(HALF)
    migration = pro.publish(v2, "immediate", excluded=[c])
    assert (migration["status"], counts(migration)) == ("completed", (2, 2, 0, 0))
    assert migration["proration_behavior"] == "create_prorations"
    assert migration["plan_version_ids_from"] == [pro.v1] and migration["plan_version_id_to"] == v2
    assert pro.terms(a) == pro.terms(b) == (v2, 800, 5900)
    assert pro.terms(c) == (pro.v1, 1000, 4900)
    assert pro.terms(api.subscribed("d", pro.plan)) == (v2, 800, 5900)
    for company, moved in ((a, True), (b, True), (c, False)):
        change = api.get("/plan-changes", company_id=company["id"])[0]
        assert change["is_version_upgrade"] == moved and change.get("migration_id") == (migration["id"] if moved else None)
        assert (change["action"] == "plan_version_migration") == moved
    # The same subscription in the same period, the usage kept.
    after = api.subscription(a)
    assert [after[field] for field in ("id", "period_start", "period_end")] == [
        subscription[field] for field in ("id", "period_start", "period_end")]
    assert api.usage("a", "calls") == 7
    api.clock(END)
    bill = api.invoices(a)[-1]
    assert {line["line_type"]: line["amount"] for line in lines(bill)} == {
        "proration_credit": -2450, "proration_charge": 2950, "base": 5900}
    assert [line["amount"] for line in lines(api.invoices(c)[-1])] == [4900]
    assert {name: row["status"] for name, row in pro.records(migration).items()} == {
        "a": "completed", "b": "completed"}


def test_leave_moves_nobody(api):
    pro = Pro(api)
    a = pro.company("a")
    assert pro.publish(pro.draft(), "leave") is None
    assert pro.terms(a) == (pro.v1, 1000, 4900)


@pytest.mark.parametrize("proration, at_once, later", [
    ("always_invoice", [-2450, 2950], [5900]),
    ("create_prorations", None, [-2450, 2950, 5900]),
    ("none", None, [5900]),
])
def test_proration_behaviors(api, proration, at_once, later):
    pro = Pro(api)
    a = pro.company("a")
    v2 = pro.draft()
    api.clock(HALF)
    pro.publish(v2, "immediate", proration_behavior=proration)
    bills = api.invoices(a)
    assert [[line["amount"] for line in lines(bill)] for bill in bills[1:]] == ([at_once] if at_once else [])
    assert all(bill["status"] == "open" for bill in bills)
    api.clock(END)
    assert [line["amount"] for line in lines(api.invoices(a)[-1])] == later


def test_a_cheaper_version_keeps_the_subscription(api):
    pro = Pro(api, prices=(4900, 2900))
    a = pro.company("a")
    before = api.subscription(a)
    v2 = pro.draft()
    api.clock(HALF)
    pro.publish(v2, "immediate", proration_behavior="always_invoice")
    assert api.subscription(a)["id"] == before["id"]
    assert pro.terms(a) == (v2, 800, 2900)
    assert [line["amount"] for line in lines(api.invoices(a)[-1])] == [-2450, 1450]
    assert api.get(f"/companies/{a['id']}/customer-balance")["balance"] == 1000
    api.clock(rfc3339(instant(END) + timedelta(hours=2)))
    last = api.invoices(a)[-1]
    assert ([line["amount"] for line in lines(last)], last["amount_remaining"]) == ([2900], 1900)


def test_scheduled(api, server):
    pro = Pro(api)
    a = pro.company("a")
    v2 = pro.draft()
    migration = pro.publish(v2, "scheduled", scheduled_at=HALF)
    assert (migration["status"], counts(migration)) == ("pending", (1, 0, 0, 0))
    assert migration["next_due_at"] == HALF[:-1] + "Z" or instant(migration["next_due_at"]) == instant(HALF)
    server.restart()
    api = pro.api = server.api
    api.clock(rfc3339(instant(HALF) - timedelta(seconds=1)))
    assert pro.terms(a) == (pro.v1, 1000, 4900)
    api.clock(HALF)
    migration = pro.migration()
    assert (migration["status"], counts(migration)) == ("completed", (1, 1, 0, 0))
    assert pro.terms(a) == (v2, 800, 5900)
    api.clock(END)
    assert [line["amount"] for line in lines(api.invoices(a)[-1])] == [5900]


def test_at_the_end_of_each_billing_period(api, server):
    pro = Pro(api)
    a = pro.company("a")
    api.clock("2026-04-11T00:00:00Z")
    b = pro.company("b")
    free = api.free_plan("Free", (pro.calls, {"value_type": "numeric", "value_numeric": 5}))
    c = pro.company("c")
    v2 = pro.draft()
    api.clock(HALF)
    migration = pro.publish(v2, "end_of_billing_period")
    assert (migration["status"], counts(migration)) == ("in_progress", (3, 0, 0, 0))
    waiting = api.get(f"/companies/{a['id']}")["pending_migration"]
    assert waiting["migration_id"] == migration["id"] and waiting["to_plan_version_id"] == v2
    assert instant(waiting["scheduled_for"]) == instant(END)
    assert [line["amount"] for line in lines(api.upcoming(a))] == [5900]
    # Who leaves the plan meanwhile is passed over.
    api.subscribe(c, free)
    server.kill()
    api = pro.api = server.start().api
    api.clock(END)
    assert pro.terms(a) == (v2, 800, 5900) and pro.terms(b) == (pro.v1, 1000, 4900)
    assert [line["amount"] for line in lines(api.invoices(a)[-1])] == [5900]
    assert api.get(f"/companies/{a['id']}").get("pending_migration") is None
    api.clock("2026-05-11T00:00:00Z")
    assert pro.terms(b) == (v2, 800, 5900)
    migration = pro.migration()
    assert (migration["status"], counts(migration)) == ("completed", (3, 2, 0, 1))
    assert pro.records(migration)["c"]["error_code"] == "not_on_origin_version"


def test_cancel_and_complete_now(api):
    pro = Pro(api)
    a = pro.company("a")
    v2 = pro.draft()
    migration = pro.publish(v2, "end_of_billing_period")
    cancelled = api.post(f"/plan-version-migrations/{migration['id']}/cancel")
    assert (cancelled["status"], cancelled["cancelled_companies"]) == ("cancelled", 1)
    api.clock(END)
    assert pro.terms(a) == (pro.v1, 1000, 4900)
    assert pro.records(migration)["a"]["status"] == "cancelled"
    again = api.post("/plan-version-migrations", {
        "plan_id": pro.plan.id, "plan_version_id_to": v2, "strategy": "scheduled", "target_plan_type": "plan",
        "scheduled_at": "2026-06-10T00:00:00Z"})
    assert again["status"] == "pending"
    done = api.post(f"/plan-version-migrations/{again['id']}/complete-now", {"proration_behavior": "none"})
    assert (done["status"], counts(done)) == ("completed", (1, 1, 0, 0))
    assert pro.terms(a) == (v2, 800, 5900)
    api.clock("2026-06-20T00:00:00Z")
    assert [line["amount"] for line in lines(api.invoices(a)[-1])] == [5900]
    for verb in ("cancel", "complete-now"):
        assert api.send("POST", f"/plan-version-migrations/{again['id']}/{verb}", {}).status_code == 422


def test_complete_now_of_those_who_wait(api):
    pro = Pro(api)
    a = pro.company("a")
    v2 = pro.draft()
    migration = pro.publish(v2, "end_of_billing_period")
    api.clock(HALF)
    done = api.post(
        f"/plan-version-migrations/{migration['id']}/complete-now", {"proration_behavior": "create_prorations"})
    assert (done["status"], counts(done)) == ("completed", (1, 1, 0, 0))
    api.clock(END)
    assert [line["amount"] for line in lines(api.invoices(a)[-1])] == [-2450, 2950, 5900]


def test_failures_are_told_apart_and_tried_again(api):
    """Without a price for a company's interval it stays, and is moved once there is one."""
    pro = Pro(api)
    a = pro.company("a")
    v2 = pro.draft(yearly_price=50_000)
    migration = pro.publish(v2, "immediate")
    assert (migration["status"], counts(migration)) == ("failed", (1, 0, 1, 0))
    record = pro.records(migration)["a"]
    assert (record["status"], record["error_code"]) == ("failed", "no_price_for_interval")
    assert pro.terms(a) == (pro.v1, 1000, 4900)
    retry = f"/plan-version-migrations/{migration['id']}/retry"
    assert counts(api.post(retry, {"error_codes": ["transient_stripe"]})) == (1, 0, 1, 0)
    # The company comes to a yearly subscription, and then the migration can move it.
    yearly = api.get(f"/plans/{pro.plan.id}")["yearly_price"]["id"]
    api.subscribe(a, pro.plan, base_plan_version_id=v2, base_plan_price_id=yearly)
    assert api.post(retry, {"error_codes": []})["skipped_companies"] == 1
    v3 = pro.draft(yearly_price=60_000)
    assert counts(pro.publish(v3, "immediate")) == (1, 1, 0, 0)
    record = pro.records(migration)["a"]
    assert api.send("POST", f"/plan-version-company-migrations/{record['id']}/retry", {}).status_code == 422


def test_a_version_that_costs_nothing_does_not_end_a_subscription(api):
    pro = Pro(api)
    a = pro.company("a")
    api.put(f"/plans/{pro.plan.id}/billing_products", {"charge_type": "free", "is_trialable": False})
    v2 = api.get(f"/plans/{pro.plan.id}")["draft_version"]["id"]
    migration = pro.publish(v2, "immediate")
    assert pro.records(migration)["a"]["error_code"] == "would_leave_empty_subscription"
    assert pro.terms(a) == (pro.v1, 1000, 4900)


def test_named_companies_and_preview(api):
    pro = Pro(api)
    a, b = pro.company("a"), pro.company("b")
    v2 = pro.draft()
    pro.publish(v2, "leave")
    body = {"plan_id": pro.plan.id, "plan_version_id_to": v2, "target_plan_type": "plan"}
    preview = api.post("/plan-version-migrations/preview", body)
    assert preview["has_billing_changes"] and len(preview["companies"]) == 2
    assert all(row["will_update_subscription"] and not row["would_fail"] for row in preview["companies"])
    migration = api.post("/plan-version-migrations", {**body, "strategy": "immediate", "company_ids": [b["id"]]})
    assert counts(migration) == (1, 1, 0, 0)
    assert (pro.terms(a)[0], pro.terms(b)[0]) == (pro.v1, v2)
    assert api.get("/plan-version-migrations/count", status="completed")["count"] == 1
    assert api.get("/plan-version-company-migrations/count", migration_id=migration["id"])["count"] == 1
    refused = api.post("/plan-version-migrations/preview", {**body, "company_ids": [b["id"]]})
    assert refused["companies"][0]["notes"][0]["code"] == "not_on_origin_version"


def test_many_companies_and_a_crash(api, server):
    """Batch by batch, also over kill -9: every company is moved once."""
    pro = Pro(api)
    companies = [pro.company(f"c{number:03}") for number in range(230)]
    api.clock(HALF)
    migration = pro.publish(pro.draft(), "scheduled", scheduled_at="2026-04-16T01:00:00Z")
    server.kill()
    api = pro.api = server.start().api
    api.clock("2026-04-16T02:00:00Z")
    migration = pro.migration()
    assert (migration["status"], counts(migration)) == ("completed", (230, 230, 0, 0))
    assert len(pro.records(migration)) == 230
    assert all(api.get(f"/companies/{company['id']}")["plan"]["plan_price"] == 5900 for company in companies[::40])
    shown = api.get(f"/plans/{pro.plan.id}")
    assert shown["company_count"] == 230


BAD = {
    "an unknown strategy": (dict(migration_strategy="soon"), 400, "migration_strategy"),
    "scheduled without a time": (dict(migration_strategy="scheduled"), 400, "scheduled_at"),
    "scheduled in the past": (
        dict(migration_strategy="scheduled", scheduled_at="2026-03-01T00:00:00Z"), 400, "scheduled_at"),
    "scheduled for no time": (dict(migration_strategy="scheduled", scheduled_at="soon"), 400, "scheduled_at"),
    "a time for another strategy": (dict(scheduled_at="2027-03-01T00:00:00Z"), 400, "scheduled_at"),
    "prorated at a period's end": (
        dict(migration_strategy="end_of_billing_period", proration_behavior="always_invoice"), 400,
        "proration_behavior"),
    "an unknown proration": (dict(proration_behavior="half"), 400, "proration_behavior"),
    "excluding nobody known": (dict(excluded_company_ids=["comp_zzzzzzzzzzz"]), 404, "excluded_company_ids"),
    "excluding something else": (dict(excluded_company_ids=["plan_1"]), 400, "excluded_company_ids"),
    "somebody to move against the wish": (dict(require_no_migration=True), 422, "require_no_migration"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_publishing_changes_nothing(api, case):
    pro = Pro(api)
    a = pro.company("a")
    v2 = pro.draft()
    fields, status, named = BAD[case]
    answer = api.send("PUT", f"/plans/version/{v2}/publish", {
        "excluded_company_ids": [], "migration_strategy": "immediate", **fields})
    assert answer.status_code == status and named in answer.json()["error"], answer.text
    assert api.get(f"/plans/{pro.plan.id}")["draft_version"]["id"] == v2
    assert pro.terms(a) == (pro.v1, 1000, 4900) and pro.migration() is None


def test_bad_migrations_change_nothing(api):
    pro = Pro(api)
    a = pro.company("a")
    other = api.plan("Other", monthly_price=100)
    v2 = pro.draft()
    good = {"plan_id": pro.plan.id, "plan_version_id_to": v2, "strategy": "immediate", "target_plan_type": "plan"}
    for change, status, named in [
        ({}, 422, "plan_version_id_to"),  # still a draft
        ({"plan_version_id_to": other.version_id}, 404, "plan_version_id_to"),
        ({"plan_id": "plan_zzzzzzzzzzz"}, 404, "plan"),
        ({"plan_version_id_to": pro.v1, "plan_version_ids_from": [other.version_id]}, 400, "plan_version_ids_from"),
        ({"plan_version_id_to": pro.v1, "plan_version_ids_from": [v2]}, 400, "plan_version_ids_from"),
        ({"plan_version_id_to": pro.v1, "company_ids": ["comp_zzzzzzzzzzz"]}, 404, "company_ids"),
        ({"plan_version_id_to": pro.v1, "target_plan_type": "add_on"}, 400, "target_plan_type"),
        ({"plan_version_id_to": pro.v1, "strategy": "leave"}, 400, "strategy"),
    ]:
        answer = api.send("POST", "/plan-version-migrations", {**good, **change})
        assert answer.status_code == status and named in answer.json()["error"], (change, answer.text)
    assert pro.migration() is None and pro.terms(a) == (pro.v1, 1000, 4900)
    for path in ("plan-version-migrations/plvm_zzzzzzzzzzz/retry", "plan-version-company-migrations/plcm_1/retry"):
        assert api.send("POST", f"/{path}", {"error_codes": []}).status_code == 404


def test_plans_and_features_in_use_cannot_be_deleted(api):
    pro = Pro(api)
    a = pro.company("a")
    pro.publish(pro.draft(), "leave")
    assert "1 companies are on plan" in api.send("DELETE", f"/plans/{pro.plan.id}").json()["error"]
    for row in api.get("/plan-entitlements", plan_id=pro.plan.id):
        if row["plan_version_id"] != pro.v1:
            api.delete(f"/plan-entitlements/{row['id']}")
    v3 = api.get(f"/plans/{pro.plan.id}")["draft_version"]["id"]
    pro.publish(v3, "leave")
    v2 = api.get("/plan-entitlements", plan_id=pro.plan.id)
    answer = api.send("DELETE", f"/features/{pro.calls['id']}")
    assert answer.status_code == 422 and "1 companies" in answer.json()["error"], (answer.text, v2)
    api.post("/manage-plan/subscription/cancel", {"company_id": a["id"]})
    api.delete(f"/features/{pro.calls['id']}")
    api.delete(f"/plans/{pro.plan.id}")
