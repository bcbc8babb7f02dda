"""A thin client for raw calls, and the few sentences of the catalog and of billing that every test speaks."""

import itertools
from datetime import datetime, timezone
from types import SimpleNamespace

import httpx

PAGE = 100


class Api:
    """Calls with one key. `get`, `post`, `put`, `delete` give the `data` of a success; `send` gives whatever came."""

    def __init__(self, url: str, key: str | None):
        self.url = url
        self.key = key
        headers = {} if key is None else {"X-Schematic-Api-Key": key}
        # Without TLS there is nobody to verify; reading whom to trust takes as long as twenty requests.
        self.http = httpx.Client(base_url=url, headers=headers, timeout=120, verify=False)

    def with_key(self, key: str | None) -> "Api":
        return Api(self.url, key)

    def close(self):
        self.http.close()

    # Calls -----------------------------------------------------------------------------------------------------------

    def send(self, method: str, path: str, body=None, query=None, content=None, headers=None) -> httpx.Response:
        if content is None:
            return self.http.request(method, path, json=body, params=query, headers=headers)
        headers = {"Content-Type": "application/json", **(headers or {})}
        return self.http.request(method, path, content=content, params=query, headers=headers)

    def _data(self, answer: httpx.Response):
        request = answer.request
        sent = request.content[:2000].decode(errors="replace")
        assert answer.is_success, f"{request.method} {request.url} {sent}\n{answer.status_code} {answer.text[:2000]}"
        envelope = answer.json()
        assert {"data", "params"} <= envelope.keys(), f"{request.method} {request.url} answered {answer.text[:500]}"
        return envelope["data"]

    def get(self, path: str, **query):
        return self._data(self.send("GET", path, query=query))

    def post(self, path: str, body=None):
        return self._data(self.send("POST", path, {} if body is None else body))

    def put(self, path: str, body=None):
        return self._data(self.send("PUT", path, {} if body is None else body))

    def delete(self, path: str):
        return self._data(self.send("DELETE", path))

    def all(self, path: str, **query) -> list:
        """Every page of a list."""
        rows = []
        for offset in itertools.count(0, PAGE):
            page = self.get(path, limit=PAGE, offset=offset, **query)
            rows += page
            if len(page) < PAGE:
                return rows

    # Time ------------------------------------------------------------------------------------------------------------

    def clock(self, now: str):
        """Moves the test clock; everything that falls due on the way has run when this returns."""
        assert instant(self.put("/test-clock", {"now": now})["now"]) == instant(now)

    # Catalog ---------------------------------------------------------------------------------------------------------

    def feature(self, key: str, **fields) -> dict:
        """An event feature that counts events of its own name, unless `fields` say otherwise."""
        body = {
            "name": key, "description": "", "feature_type": "event",
            "flag": {"key": key, "name": key, "description": "", "flag_type": "boolean", "default_value": False},
            **fields}
        if body["feature_type"] == "event":
            body.setdefault("event_subtype", key)
        return self.post("/features", body)

    def trait(self, name: str) -> dict:
        return self.post(
            "/entity-trait-definitions", {"entity_type": "company", "hierarchy": [name], "trait_type": "number"})

    def seats(self, key: str = "seats", trait: str = "seats_used") -> dict:
        return self.feature(key, feature_type="trait", trait_id=self.trait(trait)["id"])

    def plan(self, name: str, entitlements=(), charge_type: str = "recurring", publish: bool = True, **prices):
        """A plan with its prices (`monthly_price=4900` …) and `(feature, fields)` entitlements, published."""
        plan = self.post("/plans", {"name": name, "plan_type": "plan", "description": "", "icon": "blue"})
        billed = charge_type == "recurring"
        currency = {"currency": "usd"} if billed else {}
        self.put(f"/plans/{plan['id']}/billing_products", {
            "charge_type": charge_type, "is_trialable": False, **currency,
            "billing_strategy": "schematic_managed" if billed else "no_billing", **prices})
        rows = {}
        for feature, fields in entitlements:
            body = {"plan_id": plan["id"], "feature_id": feature["id"], **currency, **fields}
            rows[feature["flags"][0]["key"]] = self.post("/plan-entitlements", body)
        version = self.get(f"/plans/{plan['id']}")["draft_version"]["id"]
        if publish:
            self.publish(version)
        return SimpleNamespace(id=plan["id"], version_id=version, entitlements=rows)

    def publish(self, version_id: str):
        return self.put(
            f"/plans/version/{version_id}/publish", {"excluded_company_ids": [], "migration_strategy": "immediate"})

    def free_plan(self, name: str, *entitlements):
        return self.plan(name, entitlements, charge_type="free")

    def company(self, key: str, **fields) -> dict:
        return self.post("/companies", {"keys": {"id": key}, "name": key, **fields})

    def manage_plan(self, company: dict, plan=None, pay_in_advance: dict | None = None, **fields) -> dict:
        quantities = [{"price_id": id, "quantity": n} for id, n in (pay_in_advance or {}).items()]
        return self.post("/manage-plan", {
            "company_id": company["id"], "add_on_selections": [], "credit_bundles": [], "custom_field_values": [],
            "pay_in_advance_entitlements": quantities, **({} if plan is None else {"base_plan_id": plan.id}), **fields})

    def subscribe(self, company: dict, plan, pay_in_advance: dict | None = None, **fields) -> dict:
        outcome = self.manage_plan(company, plan, pay_in_advance, **fields)
        assert outcome["success"], outcome["problems"]
        return outcome

    def subscribed(self, key: str, plan, **fields) -> dict:
        company = self.company(key, **fields)
        self.subscribe(company, plan)
        return company

    # Usage -----------------------------------------------------------------------------------------------------------

    def batch(self, *events: dict) -> dict:
        return self.post("/batch", {"events": list(events)})

    def track(self, *events: dict) -> dict:
        """Sends events that must all count."""
        answer = self.batch(*events)
        assert answer["accepted"] == len(events), answer
        return answer

    def consume(self, company: str, event: str, quantity: int = 1, key: str | None = None) -> dict:
        body = {"company": {"id": company}, "event": event, "quantity": quantity}
        return self.post("/usage/consume", body if key is None else {**body, "idempotency_key": key})

    def reserve(self, company: str, event: str, quantity: int = 1, **fields) -> dict:
        return self.post("/usage/reserve", {
            "company": {"id": company}, "event": event, "quantity": quantity, **fields})

    def commit(self, hold: dict, quantity: int) -> dict:
        return self.put(f"/usage/reservations/{hold['id']}/commit", {"quantity": quantity})

    def release(self, hold: dict) -> dict:
        return self.put(f"/usage/reservations/{hold['id']}/release")

    def check(self, flag: str, company: str) -> dict:
        return self.post(f"/flags/{flag}/check", {"company": {"id": company}})

    def usage_row(self, company: str, feature: str) -> dict:
        rows = self.get("/feature-usage", **{"company_keys[id]": company})
        found = [row for row in rows if row["feature"]["name"] == feature]
        assert len(found) == 1, f"{company} has {len(found)} usage rows for {feature}"
        return found[0]

    def usage(self, company: str, feature: str) -> int:
        return self.usage_row(company, feature)["usage"]

    # Invoices --------------------------------------------------------------------------------------------------------

    def invoice(self, id: str) -> dict:
        return checked(self.get(f"/invoices/{id}"))

    def invoices(self, company: dict | None = None) -> list:
        """Every invoice with its lines, oldest first."""
        query = {} if company is None else {"company_id": company["id"]}
        return [self.invoice(row["id"]) for row in reversed(self.all("/invoices", **query))]

    def upcoming(self, company: dict) -> dict:
        return checked(self.get(f"/companies/{company['id']}/upcoming-invoice"))

    def subscription(self, company: dict) -> dict:
        return self.get(f"/companies/{company['id']}/native-subscription")


def event(name: str, company: str, quantity: int = 1, key: str | None = None, at: str | None = None, **more) -> dict:
    """A track event in `/batch` form; with `at` it carries its own time. `more` stands beside the body."""
    made = {"type": "track", "body": {"event": name, "company": {"id": company}, "quantity": quantity}, **more}
    if key is not None:
        made["idempotency_key"] = key
    if at is not None:
        made |= {"sent_at": at, "trusted_client_clock": True}
    return made


def checked(invoice: dict) -> dict:
    """The rule that every invoice ever seen must keep: its lines add up to its totals."""
    amounts = [line["amount"] for line in invoice["lines"]]
    assert sum(amounts) == invoice["total"], (amounts, invoice["total"])
    charged = [line["amount"] for line in invoice["lines"] if line["line_type"] not in ("discount", "tax")]
    assert sum(charged) == invoice["subtotal"], (amounts, invoice["subtotal"])
    assert -sum(line["amount"] for line in lines(invoice, "discount")) == invoice["discount"]
    assert sum(line["tax_amount"] for line in lines(invoice, "tax")) == invoice["tax"]
    paid = sum(settlement["amount"] for settlement in invoice["settlements"])
    assert paid == invoice["amount_paid"]
    return invoice


def lines(invoice: dict, line_type: str | None = None) -> list:
    return [line for line in invoice["lines"] if line_type in (None, line["line_type"])]


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(timezone.utc)


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
