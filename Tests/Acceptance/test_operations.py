"""Every operation of the official SDK, found by looking at the SDK itself, called with arguments made from its types.

The page `docs/schematic-compatibility.md` says of each operation whether it works or is not there yet; that is compared
with what the server does. An operation that works answers what the SDK reads into its typed model, or an error with a
sentence; with bad arguments too, and never a 500.
"""

import datetime as dt
import inspect
import json
import random
import re
import types as python
import typing

import httpx
import pydantic
import pytest
from schematic.client import Schematic, SchematicConfig
from schematic.core.api_error import ApiError

from catalog import Catalog, client
from server import REPOSITORY, SECRET_KEY

ROUNDS = 4
NOT_THERE = "is not an endpoint of this release"
PAGE = REPOSITORY / "docs" / "schematic-compatibility.md"
GROUPS = re.findall(r"^- \*\*(\w+)\.\*\* Works", PAGE.read_text(), re.M)
# What may be left out by its type, and is asked for.
NEEDED = {
    "entitlements.list_feature_usage": ["company_id"], "entitlements.count_feature_usage": ["company_id"],
    "entitlements.list_company_user_usage": ["feature_id"], "entitlements.count_company_user_usage": ["feature_id"]}
# What looks for something that is never there.
ALWAYS_MISSED = ["accounts.get_account_member"]
# What the base class of the client adds to the groups: calls without types.
UNTYPED = [
    "post_api_keys", "put_api_keys_api_key_id", "delete_api_keys_api_key_id", "post_environments",
    "put_environments_environment_id", "delete_environments_environment_id", "get_credit_ledger"]


def operations(sdk: Schematic) -> dict:
    """`companies.list_companies` → the bound method, for all of the SDK."""
    found = {f"root.{name}": getattr(sdk, name) for name in UNTYPED}
    for group in dir(sdk):
        client = getattr(sdk, group)
        if re.fullmatch(r"schematic\.\w+\.client", type(client).__module__):
            for name, method in inspect.getmembers(client, inspect.ismethod):
                if not name.startswith("_"):
                    found[f"{group}.{name}"] = method
    return found


NAMES = sorted(operations(Schematic("key", SchematicConfig(offline=True))))


# Arguments -----------------------------------------------------------------------------------------------------------

class Arguments:
    """Makes values of the types that the SDK declares; where a name says which noun is meant, one that exists."""

    def __init__(self, rng: random.Random, known: dict):
        self.rng = rng
        self.known = known

    def of(self, name: str, method, share: float = 0.3) -> tuple[list, dict]:
        """Positional and named ones; of those that may be left out, a share."""
        positional, named = [], {}
        self.known["keys"] = self.known["user" if "user" in name else "company"]
        hints = typing.get_type_hints(method)
        for parameter in inspect.signature(method).parameters.values():
            if parameter.name == "request_options":
                continue
            if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                positional.append(self.value(hints[parameter.name], parameter.name))
            elif (parameter.default is parameter.empty or parameter.name in NEEDED.get(name, [])
                  or self.rng.random() < share):
                named[parameter.name] = self.value(hints[parameter.name], parameter.name)
        return positional, named

    def value(self, kind, name: str, depth: int = 0):
        known = self.known.get(name, self.known.get(name.removesuffix("s")))
        origin, parts = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Union, python.UnionType):
            choices = [part for part in parts if part not in (type(None), typing.Any)]
            return self.value(self.rng.choice(choices), name, depth)
        if origin is typing.Annotated:
            return self.value(parts[0], name, depth)
        if origin is typing.Literal:
            return self.rng.choice(parts)
        if kind is str:
            return self.rng.choice(known) if known else self.text(name)
        if origin in (list, typing.get_origin(typing.Sequence[str])):
            return [self.value(parts[0], name, depth + 1) for _ in range(self.rng.randint(0, 2))]
        if origin in (dict, typing.get_origin(typing.Mapping[str, str])):
            if parts[1] is str:
                return self.rng.choice(self.known["keys"])
            return {f"name {index}": self.value(parts[1], name, depth + 1) for index in range(self.rng.randint(0, 2))}
        if kind is bool:
            return self.rng.random() < 0.5
        if kind is int:
            return self.rng.choice([0, 1, 2, 30, 100])
        if kind is float:
            return self.rng.choice([0.0, 0.5, 1.0, 12.5])
        if kind is dt.datetime:
            hour = dt.datetime.now(dt.timezone.utc).replace(minute=0, second=0, microsecond=0)
            return hour + dt.timedelta(days=1 if "end" in name else 0)
        if inspect.isclass(kind) and issubclass(kind, pydantic.BaseModel):
            return kind(**{
                field: self.value(info.annotation, field, depth + 1) for field, info in kind.model_fields.items()
                if info.is_required() or depth < 3 and self.rng.random() < 0.3})
        return self.rng.choice(["text", 1, True, {"id": "acme"}])

    def text(self, name: str) -> str:
        if name.endswith("decimal"):
            return self.rng.choice(["1", "0.25", "12.5"])
        return f"{name} {self.rng.randrange(10**9)}"


# A world -------------------------------------------------------------------------------------------------------------

class World:
    """A client that remembers what it exchanged, on a server that has one of everything."""

    def __init__(self, api):
        self.api = api
        self.exchanges = []
        self.http = httpx.Client(timeout=60)
        self.headers = {"X-Schematic-Api-Key": SECRET_KEY, "Content-Type": "application/json"}
        http = httpx.Client(timeout=60, event_hooks={"response": [self.exchanges.append]})
        self.sdk = client(api.url, httpx_client=http)
        self.operations = operations(self.sdk)
        self.catalog = Catalog(self.sdk)
        self.count = 0
        self.known = None

    def call(self, name: str, positional: list, named: dict) -> tuple[httpx.Response, object]:
        """What the server answered, and what the SDK made of it: None when it is an error."""
        self.exchanges.clear()
        made = None
        try:
            made = self.operations[name](*positional, **named)
            if inspect.isgenerator(made):
                made = b"".join(made)
        except ApiError as error:
            # Also raised when an answer cannot be read.
            assert error.status_code is not None and error.status_code >= 400, f"{name}: {error}"
        answer = self.exchanges[0]
        if answer.request.method != "GET":
            self.known = None
        # A document has been read in pieces by whoever asked for it.
        if not answer.is_stream_consumed:
            answer.read()
        return answer, made

    def nouns(self) -> dict:
        """By the names that parameters have. New ones after each call that may change or delete some."""
        if self.known is None:
            self.known = self.make_nouns()
        return self.known

    def make_nouns(self) -> dict:
        self.count += 1
        mark, sdk, catalog = f"w{self.count}", self.sdk, self.catalog
        # One that no other plan grants, or its answers would grow with every call.
        feature = catalog.feature(f"{mark}-feature", feature_type="event", event_subtype=f"{mark}-event")
        plan = catalog.plan(f"{mark} plan", (feature, {
            "value_type": "numeric", "value_numeric": 1000, "metric_period": "current_month"}), monthly_price=1000)
        company = catalog.company(mark, traits={"seats_used": 1})
        catalog.move(company, plan)
        user = sdk.companies.upsert_user(keys={"user_id": mark}, company={"id": mark}).data
        catalog.track(mark, 3, f"{mark}-event", idempotency_key=mark)
        override = catalog.override(company, feature, value_type="numeric", value_numeric=10)
        trait = sdk.companies.get_or_create_entity_trait_definition(
            entity_type="company", hierarchy=[mark], trait_type="number").data
        seat = catalog.feature(f"{mark}-seat", feature_type="license")
        key = self.api.post("/api-keys", {"name": mark, "kind": "publishable"})
        invoice = sdk.billing.list_billing_invoices(company_id=company.id).data[0]
        profile = sdk.billing.list_company_billing_profiles(company_id=company.id).data[0]
        draft = sdk.plans.create_plan(name=f"{mark} draft", plan_type="plan").data
        moved = catalog.plan(f"{mark} moved", monthly_price=2000)
        mover = catalog.company(f"{mark}-mover")
        catalog.move(mover, moved)
        self.api.put(f"/plans/{moved.id}/billing_products", {"charge_type": "recurring", "monthly_price": 2100})
        version = self.api.get(f"/plans/{moved.id}")["draft_version"]["id"]
        self.api.put(f"/plans/version/{version}/publish", {
            "excluded_company_ids": [], "migration_strategy": "immediate"})
        migration = self.api.get("/plan-version-migrations", plan_version_id=version)[0]["id"]
        checkout = self.api.post("/scheduled-checkout", {
            "company_id": mover.id, "from_plan_id": moved.id, "to_plan_id": plan.id,
            "execute_after": "2099-01-01T00:00:00Z"})
        plan_trait = self.api.post("/plan-traits/bulk", {
            "apply_to_existing_companies": False, "plan_id": plan.id,
            "traits": [{"trait_id": trait.id, "trait_value": "1"}]})[0]
        return {
            "company_id": [company.id], "user_id": [user.id], "plan_id": [plan.id, draft.id],
            "base_plan_id": [plan.id, catalog.team.id], "initial_plan_id": [catalog.free.id],
            "fallback_plan_id": [catalog.free.id], "plan_version_id": [plan.version_id, draft.draft_version.id],
            "feature_id": [feature.id, catalog.api.id, catalog.seats.id], "flag_id": [feature.flags[0].id],
            "key": [feature.flags[0].key, "api"],
            "lookup": [{"id": mark}], "company": [{"id": mark}], "user": [{"user_id": mark}],
            "company_override_id": [override.id], "plan_entitlement_id": [plan.entitlements[0].id],
            "entity_trait_definition_id": [trait.id], "definition_id": [trait.id], "trait_id": [trait.id],
            "plan_group_id": [catalog.group.id], "api_key_id": [key["id"]],
            "environment_id": [company.environment_id], "invoice_id": [invoice.id], "billing_profile_id": [profile.id],
            "event_id": [sdk.events.list_events(idempotency_key=mark).data[0].id],
            "company_membership_id": [user.company_memberships[0].id], "event_subtype": [f"{mark}-event", "api-call"],
            "event": [f"{mark}-event", "api-call"], "price_id": [plan.id], "trait": [mark],
            "plan_trait_id": [plan_trait["id"]], "license_id": [seat.license_id],
            "migration_id": [migration], "plan_version_migration_id": [migration],
            "plan_version_company_migration_id": [
                self.api.get("/plan-version-company-migrations", migration_id=migration)[0]["id"]],
            "scheduled_checkout_id": [checkout["id"]],
            "plan_change_id": [self.api.get("/plan-changes", company_id=company.id)[0]["id"]],
            "entity_key_definition_id": ["company.key.id"], "trait_value": ["1"],
            "audit_log_id": [self.api.get("/audit-log", limit=1)[0]["id"]], "actor_type": ["api_key"],
        }


@pytest.fixture(scope="module")
def world(shared_server):
    world = World(shared_server.api)
    yield world
    world.sdk.shutdown()


# What the page says --------------------------------------------------------------------------------------------------

def stated() -> dict:
    """`GET /companies/{}` → whether the page says that it works."""
    found = {}
    for part in re.split(r"\n- \*\*", PAGE.read_text().split("## Endpoints, by SDK client")[1].split("\nBeside")[0]):
        for sentence in re.split(r"(?=Works:|Not\s+yet:)", part)[1:]:
            for methods, path in re.findall(r"`([A-Z ]+) (/[^`]*)`", sentence):
                for method in methods.split():
                    found[f"{method} {re.sub('{.*?}', '{}', path)}"] = sentence.startswith("Works:")
    return found


def endpoint(request: httpx.Request, positional: list) -> str:
    """The request's method and path, with places for what was given."""
    parts = ["{}" if part in map(str, positional) else part for part in request.url.path.split("/")]
    return f"{request.method} {'/'.join(parts)}"


def sentence(answer: httpx.Response) -> str:
    """Of a refusal; there must be one."""
    assert 400 <= answer.status_code < 500 and answer.status_code != 409, f"{answer.request.url} {answer.text[:1000]}"
    error = answer.json()["error"]
    assert isinstance(error, str) and len(error.split()) > 2, error
    return error


def is_there(answer: httpx.Response, positional: list) -> bool:
    """Whether the server has such an endpoint; `/plans/issues` must not be taken for the plan `issues`."""
    if answer.status_code != 404:
        return True
    last = answer.request.url.path.rsplit("/", 1)[1]
    return NOT_THERE not in answer.text and (last in positional or json.dumps(last) not in answer.json()["error"])


def test_every_operation_answers_as_the_page_says(world, rng):
    said, seen = stated(), {}
    arguments = Arguments(rng, world.nouns())
    for name in NAMES:
        positional, named = arguments.of(name, world.operations[name])
        answer, _ = world.call(name, positional, named)
        place = endpoint(answer.request, positional)
        # A group that the page does not show has nothing that works.
        expected = said.get(place, None if name.split(".")[0] in GROUPS else False)
        seen[place] = expected, is_there(answer, positional)
    assert len(seen) > 300
    assert {place: works for place, (says, works) in seen.items() if says is not works} == {}
    mentioned = [place for place in said if said[place] and place not in seen]
    assert mentioned == []


# Good and bad arguments ----------------------------------------------------------------------------------------------

JUNK = [
    None, True, 0, -1, 10**30, 1.5, 1e308, "", "x", "\u0000", "x" * 5000, "\U0001f4a5", [], [None], ["x"], [[]], {},
    {"": ""}, {"x": {"x": {"x": []}}}, "2026-13-45T00:00:00Z"]
BODIES = [b"", b"[]", b"null", b"1", b'"text"', b"{", b'{"a":1,"a":2}', b"\xff\xfe", b"[" * 5000, b'{"a":' * 200]


def bad_requests(request: httpx.Request, rng: random.Random):
    """The request with one thing wrong each time: method, URL, body."""
    method, url = request.method, request.url
    body = json.loads(request.content) if request.content else {}
    for field in body:
        for junk in rng.sample(JUNK, 4):
            yield method, url, json.dumps({**body, field: junk}).encode()
        yield method, url, json.dumps({name: value for name, value in body.items() if name != field}).encode()
    for content in rng.sample(BODIES, 3) if request.content else []:
        yield method, url, content
    query = list(url.params.multi_items())
    for index, (name, _) in enumerate([*query, ("limit", ""), ("offset", "")]):
        for junk in rng.sample(["", "x", "-1", "1e9", "99999999999999999999", "\u0000", "x" * 3000], 2):
            changed = [*query[:index], (name, junk), *query[index + 1:]]
            yield method, url.copy_with(params=changed), request.content
    segments = url.path.split("/")
    for index in range(1, len(segments)):
        junk = rng.choice(["x", "%00", "%ff", "..", "x" * 2000, "null"])
        path = "/".join([*segments[:index], junk, *segments[index + 1:]])
        yield method, url.copy_with(raw_path=path.encode()), request.content


@pytest.mark.parametrize("group", GROUPS)
def test_good_arguments_are_answered_as_the_sdk_reads_and_bad_ones_with_a_sentence(world, rng, group):
    said, succeeded, refused = stated(), {}, {}
    for name in (name for name in NAMES if name.split(".")[0] == group):
        arguments = Arguments(rng, world.nouns())
        for number in range(ROUNDS):
            positional, named = arguments.of(name, world.operations[name], share=0.25 * number)
            answer, made = world.call(name, positional, named)
            if not said.get(endpoint(answer.request, positional)):
                break
            if answer.is_success:
                succeeded[name] = made
            else:
                refused[name] = f"{answer.request.content[:300]} {sentence(answer)}"
        else:
            for method, url, content in bad_requests(answer.request, rng):
                answer = world.http.request(method, url, content=content, headers=world.headers)
                if not answer.is_success:
                    sentence(answer)
    never = {name: why for name, why in refused.items() if name not in succeeded}
    print(f"{group}: {len(succeeded)} operations succeeded; refused each time: {never}")
    # What changes something may have good reasons to be refused; looking with what is required has none.
    assert not [name for name in never if re.search(r"\.(list|count|get)_", name) and name not in ALWAYS_MISSED]
