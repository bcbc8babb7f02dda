"""Random lives of a company: a hundred steps of trials, plan changes, late events, cancellations and crashes.

Beside the server stands a list of the events that it acknowledged, with the time at which each counts. Whatever
happens: what invoices billed of a period, and corrected later, is what was metered in it; no instant is billed twice;
what the running period will bill is what was metered in it so far; counters show all of it; a preview says what the
change then does; and the upcoming invoice is the one that is issued.
"""

from datetime import datetime, timedelta, timezone

import pytest

from api import event, instant, lines, rfc3339
from test_change_add_ons import add_on, having
from test_change_plans import balance, checkout, preview

STEPS = 100
INCLUDED = 15
START = datetime(2026, 1, 31, 22, 17, 5, tzinfo=timezone.utc)
MONTHLY = {"metric_period": "all_time"}
TIERS = [{"up_to": 20, "per_unit_price": 10}, {"per_unit_price": 3, "flat_amount": 100}]


def essence(lines) -> list:
    return sorted((line["line_type"], line["quantity"], line["amount"]) for line in lines)


class Life:
    def __init__(self, server, rng):
        self.server, self.rng = server, rng
        self.now = START
        self.events = []
        self.told = []
        self.api.clock(rfc3339(self.now))
        calls, bytes = self.api.feature("calls"), self.api.feature("bytes")
        unit = {"value_type": "unlimited", "price_behavior": "pay_as_you_go", **MONTHLY}
        overage = {"value_type": "unlimited", "price_behavior": "overage", "soft_limit": INCLUDED, **MONTHLY}
        tiers = {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "graduated", **MONTHLY}
        free = self.api.free_plan("Free", (calls, {"value_type": "numeric", "value_numeric": 10, **MONTHLY}))
        self.plans = [
            free,
            self.api.plan("Lite", ((calls, {**unit, "monthly_unit_price": 100}),), monthly_price=2900),
            self.api.plan("Pro", (
                (calls, {**overage, "monthly_unit_price_decimal": "12.5"}),
                (bytes, {**tiers, "monthly_price_tiers": TIERS})), monthly_price=4900),
            self.api.plan("Team", ((bytes, {**unit, "monthly_unit_price": 7}),), monthly_price=9900),
            self.api.plan("Year", (
                (calls, {**unit, "yearly_unit_price": 50}),), yearly_price=49000),
            self.api.plan("Try", monthly_price=1900, is_trialable=True)]
        self.tried = self.plans[-1]
        self.add_ons = [
            add_on(self.api, "More", [(bytes, {**unit, "monthly_unit_price": 3})], monthly_price=700),
            add_on(self.api, "Support", monthly_price=1100)]
        self.api.post("/plan-groups", {
            "initial_plan_id": free.id, "fallback_plan_id": free.id, "add_on_ids": [], "ordered_add_ons": [],
            "ordered_plans": [], "ordered_bundle_list": [], "scheduled_downgrade_behavior": "end_of_billing_period"})
        self.company = self.api.company("acme")

    @property
    def api(self):
        return self.server.api

    # Steps -----------------------------------------------------------------------------------------------------------

    def wait(self, longest: timedelta = timedelta(days=9)):
        self.now += timedelta(milliseconds=self.rng.randint(2, int(longest.total_seconds() * 1000)))
        self.api.clock(rfc3339(self.now))

    def use(self):
        self.send(self.now)

    def use_late(self):
        self.send(self.now - timedelta(milliseconds=self.rng.randint(1, 33 * 86_400_000)))

    def send(self, at: datetime):
        quantity = self.rng.randint(1, 30)
        name = self.rng.choice(["calls", "bytes"])
        key = f"key {len(self.events)}"
        made = event(name, "acme", quantity, key=key, at=None if at == self.now else rfc3339(at))
        for _ in range(self.rng.choice([1, 1, 2])):
            answer = self.api.batch(made)
            assert answer["accepted"] + answer["duplicates"] == 1, answer
        self.events.append((name, at, quantity))

    def change(self):
        """What the preview says is what happens; where something is in the way, it says what."""
        plan = self.rng.choice(self.plans)
        more = [one for one in self.add_ons if self.rng.random() < 0.3]
        self.told.append(f"plan {self.plans.index(plan)} with {len(more)} add-ons")
        seen = preview(self.api, self.company, plan, **having(*more))["subscription_change_preview"]
        known = {row["id"] for row in self.api.all("/invoices", company_id=self.company["id"])}
        outcome = self.api.manage_plan(self.company, plan, **having(*more))
        assert [row["code"] for row in outcome["problems"]] == [row["code"] for row in seen["problems"]]
        final = [one for one in self.new_invoices(known) if one["document_state"] != "draft"]
        assert seen["due_now"] == sum(max(0, one["amount_remaining"]) for one in final)
        if not outcome["success"]:
            assert final == []
        elif seen["finance"] is not None:
            assert seen["finance"]["customer_balance_remaining"] == balance(self.api, self.company)
            upcoming = self.upcoming()
            foretold = sorted(line["amount"] for line in seen["finance"]["upcoming_invoice_line_items"])
            if self.api.get(f"/companies/{self.company['id']}")["scheduled_downgrade"] is None and not self.tries():
                assert foretold == sorted(line["amount"] for line in (upcoming or {"lines": []})["lines"])

    def new_invoices(self, known: set) -> list:
        rows = self.api.all("/invoices", company_id=self.company["id"])
        return [self.api.invoice(row["id"]) for row in rows if row["id"] not in known]

    def upcoming(self) -> dict | None:
        answer = self.api.send("GET", f"/companies/{self.company['id']}/upcoming-invoice")
        assert answer.status_code in (200, 404), answer.text
        return answer.json()["data"] if answer.status_code == 200 else None

    def tries(self) -> bool:
        running = self.api.get(f"/companies/{self.company['id']}")["billing_subscription"]
        return running is not None and running["status"] == "trialing"

    def turn(self):
        """The running period ends: the invoice that was foretold is issued."""
        upcoming = self.upcoming()
        if upcoming is None:
            return
        known = {row["id"] for row in self.api.all("/invoices", company_id=self.company["id"])}
        self.now = instant(self.api.subscription(self.company)["period_end"])
        self.api.clock(rfc3339(self.now))
        issued = [essence(one["lines"]) for one in self.new_invoices(known)]
        assert essence(upcoming["lines"]) in issued, (upcoming, issued)

    def try_out(self):
        """Begins a trial, or moves its end; a company that pays cannot."""
        end = rfc3339(self.now + timedelta(days=self.rng.randint(1, 20)))
        self.api.manage_plan(self.company, self.tried, trial_end=end)

    def change_later(self):
        """As a customer: a cheaper plan waits for the period's end."""
        plan = self.rng.choice(self.plans[1:])
        answer = self.api.send("POST", "/checkout-internal", checkout(self.api, self.company, plan))
        assert answer.status_code in (201, 400), answer.text

    def cancel(self):
        answer = self.api.send("POST", "/manage-plan/subscription/cancel", {
            "company_id": self.company["id"], "cancel_immediately": self.rng.random() < 0.5, "prorate": True})
        assert answer.status_code in (200, 422), answer.text

    def crash(self):
        self.server.kill()
        self.server.start()

    def step(self):
        steps = [self.wait, self.use, self.use_late, self.change, self.cancel, self.crash, self.turn, self.try_out,
                 self.change_later]
        step = self.rng.choices(steps, [22, 32, 14, 12, 4, 2, 6, 4, 5])[0]
        self.told.append(f"{rfc3339(self.now)} {step.__name__}")
        step()
        # What happens in one millisecond has rules of its own (`docs/architecture.md`), which this leaves aside.
        self.wait(timedelta(seconds=2))

    # What must hold --------------------------------------------------------------------------------------------------

    def metered(self, name: str, start: datetime | None = None, end: datetime | None = None) -> int:
        return sum(
            quantity for event, at, quantity in self.events
            if event == name and (start is None or start <= at) and (end is None or at < end))

    def check_present(self):
        """What the running period bills, and what all time has seen."""
        company = self.api.get(f"/companies/{self.company['id']}")
        running = company["billing_subscription"]
        for row in self.api.get("/feature-usage", company_id=self.company["id"]):
            name = row["feature"]["name"]
            assert row["usage"] == self.metered(name)
            if row["billed_usage"] is not None:
                start = datetime.fromtimestamp(running["period_start"], timezone.utc)
                # Whole seconds in the answer; the native subscription has the milliseconds.
                start = instant(self.api.subscription(self.company)["period_start"])
                assert row["billed_usage"] == self.metered(name, start)

    def check_invoices(self):
        """Billed + corrected = metered, for each period; periods of a feature do not overlap."""
        invoices = self.api.invoices(self.company)
        corrected = {}
        for line in (line for invoice in invoices for line in lines(invoice, "correction")):
            key = line["corrects_line_id"]
            corrected[key] = corrected.get(key, 0) + line["quantity"]
        periods = {}
        for line in (line for invoice in invoices for line in lines(invoice, "usage")):
            start, end = instant(line["period_start"]), instant(line["period_end"])
            billed = line["quantity"] + corrected.pop(line["id"], 0)
            metered = self.metered(line["feature_key"], start, end)
            # After a subscription's end, use that costs nothing waits for some that does, which may never come.
            is_free = line["feature_key"] == "calls" and max(billed, metered) <= INCLUDED
            assert billed == metered or is_free, line
            periods.setdefault(line["feature_key"], []).append((start, end))
        assert corrected == {}, "corrections of lines that nobody billed"
        for spans in periods.values():
            spans.sort()
            for (_, end), (start, _) in zip(spans, spans[1:]):
                assert end <= start
        return sum(len(spans) for spans in periods.values())


@pytest.mark.parametrize("life", range(3))
def test_billed_and_corrected_and_unbilled_are_what_was_metered(server, rng, life):
    life = Life(server, rng)
    try:
        for step in range(STEPS):
            life.step()
            if step % 10 == 0:
                life.check_present()
        life.check_present()
        # All that comes late has come, and all that waits for an invoice is on one.
        for _ in range(5):
            life.now += timedelta(days=29)
            life.api.clock(rfc3339(life.now))
        life.check_present()
        assert life.check_invoices() > 0
    except BaseException:
        print("\n".join(life.told))
        raise
