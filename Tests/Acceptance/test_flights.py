"""A year of flights: New York City's airlines, billed for 2013 through `POST /batch` and through `tollgate import`.

The real input is `flights-2013.ndjson.gz` of nycflights13 (CC0), beside the repository in `../shared/data`, or where
TOLLGATE_FLIGHTS says. A synthetic cut of the same form always runs.
"""

import gzip
import itertools
import json
import os
import random
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from api import event, instant, lines, rfc3339
from server import REPOSITORY, Server, tollgate

FLIGHTS = Path(os.environ.get("TOLLGATE_FLIGHTS", REPOSITORY.parent / "shared" / "data" / "flights-2013.ndjson.gz"))
ZONE = ZoneInfo("America/New_York")
EVENTS_A_REQUEST = 10_000

# The plan "Network", in cents.
BASE = 250_000
DEPARTURE_TIERS = [(500, 400), (2000, 325), (None, 210)]
MILES_INCLUDED, MILE = 250_000, Fraction(25, 100)

FIGURES_OF_2013 = {
    "flights": 336_776, "events": 657_042, "company months": 192, "cents": 222_189_767,
    "months": {
        ("UA", 1): ({"base": (1, BASE), "departures": (4605, 1_234_550), "miles": (6_746_943, 1_624_236)}, 3_108_786),
        ("UA", 3): ({"base": (1, BASE), "departures": (4926, 1_301_960), "miles": (7_178_578, 1_732_145)}, 3_284_105),
        ("OO", 2): ({"base": (1, BASE), "departures": (0, 0), "miles": (0, 0)}, BASE)}}
FIGURES_OF_THE_CUT = {
    "flights": 5681, "events": 10_988, "company months": 6, "cents": 6_660_429,
    "months": {
        ("UA", 3): ({"base": (1, BASE), "departures": (2330, 756_800), "miles": (6_017_670, 1_441_918)}, 2_448_718)}}


# Input ---------------------------------------------------------------------------------------------------------------

def nycflights13() -> SimpleNamespace:
    if not FLIGHTS.exists():
        pytest.skip(f"the year of flights is not here: {FLIGHTS} does not exist (TOLLGATE_FLIGHTS names another place)")
    with gzip.open(FLIGHTS, "rt") as rows:
        flights = [json.loads(row) for row in rows]
    return SimpleNamespace(flights=flights, first=1, months=12, figures=FIGURES_OF_2013)


def synthetic() -> SimpleNamespace:
    """Two months of three airlines: one through every tier, one just above the first, one nearly always on the ground.

    Flights stand at the first and last moments of local days and months, and around the missing hour of 10 March."""
    rng, flights = random.Random(20130310), []
    start, end = local(2013, 2, 1), local(2013, 4, 1)
    turns = local(2013, 3, 1), local(2013, 3, 10), local(2013, 3, 10, 3), local(2013, 3, 11)
    edges = [turn + timedelta(milliseconds=offset) for turn in turns for offset in (-1, 0, 1)]
    for carrier, count in {"UA": 4600, "B6": 1050, "OO": 3}.items():
        moments = [start, end - timedelta(milliseconds=1), *edges] if carrier != "OO" else []
        seconds = int((end - start).total_seconds())
        moments += [start + timedelta(seconds=rng.randrange(seconds)) for _ in range(count)]
        for moment in moments:
            flights.append({
                "at": rfc3339(moment), "carrier": carrier, "miles": rng.randint(80, 4983),
                "departed": rng.random() < 0.97})
    flights.sort(key=lambda flight: flight["at"])
    for index, flight in enumerate(flights):
        flight["id"] = f"f{index:06}"
    return SimpleNamespace(flights=flights, first=2, months=2, figures=FIGURES_OF_THE_CUT)


def local(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZONE).astimezone(timezone.utc)


def first_of(year_month: int) -> datetime:
    """Local midnight at the start of a month of 2013, counted from 1; 13 is January 2014."""
    return local(2013 + (year_month - 1) // 12, (year_month - 1) % 12 + 1, 1)


def events_of(flight: dict) -> list:
    """A flight that departed is one departure and its miles; one that did not is nothing."""
    if not flight["departed"]:
        return []
    return [
        event("departure", flight["carrier"], 1, key=f"dep-{flight['id']}", at=flight["at"]),
        event("miles", flight["carrier"], flight["miles"], key=f"mi-{flight['id']}", at=flight["at"])]


@pytest.fixture(scope="module", params=[synthetic, nycflights13], ids=["synthetic cut", "nycflights13"])
def year(request):
    year = request.param()
    year.carriers = sorted({flight["carrier"] for flight in year.flights})
    year.start, year.end = first_of(year.first), first_of(year.first + year.months)
    for flight in year.flights:
        flight["day"] = instant(flight["at"]).astimezone(ZONE).date()
    year.name = request.param.__name__
    return year


# What it must come to, in exact arithmetic ---------------------------------------------------------------------------

def expected_lines(year) -> dict:
    """{(carrier, month): {line: (quantity, cents)}} from the rows alone."""
    flown = defaultdict(lambda: [0, 0])
    for flight in year.flights:
        if flight["departed"]:
            sums = flown[flight["carrier"], flight["day"].month]
            sums[0] += 1
            sums[1] += flight["miles"]
    expected = {}
    for carrier, month in itertools.product(year.carriers, range(year.first, year.first + year.months)):
        departures, miles = flown[carrier, month]
        expected[carrier, month] = {
            "base": (1, BASE),
            "departures": (departures, graduated(departures)),
            "miles": (miles, half_up(max(0, miles - MILES_INCLUDED) * MILE))}
    return expected


def graduated(quantity: int) -> int:
    cents, previous = 0, 0
    for up_to, price in DEPARTURE_TIERS:
        top = quantity if up_to is None else min(quantity, up_to)
        cents += max(0, top - previous) * price
        previous = up_to
    return cents


def half_up(cents: Fraction) -> int:
    return int(cents + Fraction(1, 2))


# Two ways in ---------------------------------------------------------------------------------------------------------

def open_accounts(server: Server, year):
    """The plan, and every airline subscribed from local midnight of the first day."""
    api = server.api
    api.clock(rfc3339(year.start))
    departures = api.feature("departures", event_subtype="departure")
    miles = api.feature("miles", event_subtype="miles")
    plan = api.plan("Network", [
        (departures, {
            "value_type": "unlimited", "price_behavior": "tier", "tier_mode": "graduated", "monthly_price_tiers": [
                {"per_unit_price": price, **({} if up_to is None else {"up_to": up_to})}
                for up_to, price in DEPARTURE_TIERS]}),
        (miles, {
            "value_type": "unlimited", "price_behavior": "overage", "soft_limit": MILES_INCLUDED,
            "monthly_unit_price_decimal": "0.25"})], monthly_price=BASE)
    for carrier in year.carriers:
        api.subscribed(carrier, plan, timezone="America/New_York")


def through_batch(server: Server, year):
    """Day by day: the clock to the day's last flight, then the day's events. A tenth of the days is sent twice."""
    open_accounts(server, year)
    for index, (_, flights) in enumerate(itertools.groupby(year.flights, key=lambda flight: flight["day"])):
        flights = list(flights)
        server.api.clock(flights[-1]["at"])
        sent = [made for flight in flights for made in events_of(flight)]
        for start in range(0, len(sent), EVENTS_A_REQUEST):
            chunk = sent[start:start + EVENTS_A_REQUEST]
            server.api.track(*chunk)
            if index % 10 == 0:
                assert server.api.batch(*chunk)["duplicates"] == len(chunk)
    server.api.clock(rfc3339(year.end + timedelta(hours=1)))


def through_import(server: Server, year):
    """Month by month: the clock to the month's last flight, then one file, every other gzipped, the first one twice."""
    open_accounts(server, year)
    for month, flights in itertools.groupby(year.flights, key=lambda flight: flight["day"].month):
        flights = list(flights)
        server.api.clock(flights[-1]["at"])
        server.stop()
        path = write_file(server.data.parent, month, flights)
        for _ in range(2 if month == year.first else 1):
            tollgate("import", str(path), "--data", str(server.data))
        path.unlink()
        server.start()
    server.api.clock(rfc3339(year.end + timedelta(hours=1)))
    server.stop()
    tollgate("close", "--data", str(server.data))
    server.start()


def write_file(folder: Path, month: int, flights: list) -> Path:
    zipped = month % 2 == 0
    path = folder / f"2013-{month:02}.ndjson{'.gz' if zipped else ''}"
    with (gzip.open(path, "wt", compresslevel=1) if zipped else open(path, "w")) as file:
        for flight in flights:
            for made in events_of(flight):
                file.write(json.dumps(made) + "\n")
    return path


@pytest.fixture(scope="module")
def invoices(year, tmp_path_factory) -> dict:
    """{way in: {carrier: its invoices}}, each way on a directory of its own that is verified afterwards."""
    found = {}
    for way in (through_batch, through_import):
        server = Server(tmp_path_factory.mktemp(year.name) / "data").start()
        way(server, year)
        companies = {row["name"]: row for row in server.api.all("/companies")}
        found[way.__name__] = {carrier: server.api.invoices(companies[carrier]) for carrier in year.carriers}
        server.stop()
        server.verify()
    return found


# The bill ------------------------------------------------------------------------------------------------------------

def charges(year, invoices: dict) -> dict:
    """{(carrier, month): {line: (quantity, cents)}} of the charges for the periods before the end."""
    found = defaultdict(dict)
    for carrier, issued in invoices.items():
        for line in (line for invoice in issued for line in lines(invoice)):
            start = instant(line["period_start"])
            if start < year.end:
                month = start.astimezone(ZONE).month
                assert (start, instant(line["period_end"])) == (first_of(month), first_of(month + 1))
                name = line["line_type"] if line["line_type"] == "base" else line["feature_key"]
                assert name not in found[carrier, month], "charged twice"
                found[carrier, month][name] = (line["quantity"], line["amount"])
    return dict(found)


@pytest.mark.parametrize("way", ["through_batch", "through_import"])
def test_every_charge_of_every_airline_and_month(year, invoices, way):
    assert charges(year, invoices[way]) == expected_lines(year)


@pytest.mark.parametrize("way", ["through_batch", "through_import"])
def test_one_invoice_at_the_start_and_one_a_month_all_open(year, invoices, way):
    for carrier in year.carriers:
        issued = invoices[way][carrier]
        assert [invoice["status"] for invoice in issued] == ["open"] * (year.months + 1), carrier
        assert all(invoice["number"] for invoice in issued)


def test_both_ways_give_the_same_invoices(year, invoices):
    def without_identity(invoice: dict) -> dict:
        kept = ("status", "document_state", "currency", "period_start", "period_end", "subtotal", "total",
                "finalized_at", "due_at")
        line_kept = ("line_type", "kind", "description", "feature_key", "quantity", "unit_amount_decimal", "amount",
                     "period_start", "period_end", "tier_detail")
        return {field: invoice[field] for field in kept} | {
            "lines": [{field: line.get(field) for field in line_kept} for line in invoice["lines"]]}

    first, second = (
        {carrier: [without_identity(invoice) for invoice in issued] for carrier, issued in invoices[way].items()}
        for way in ("through_batch", "through_import"))
    assert first == second


def test_the_figures_that_were_worked_out_before(year, invoices):
    found = charges(year, invoices["through_batch"])
    sums = {month: sum(cents for _, cents in lines.values()) for month, lines in found.items()}
    assert {
        "flights": len(year.flights), "events": sum(len(events_of(flight)) for flight in year.flights),
        "company months": len(found), "cents": sum(sums.values()),
    } == {name: year.figures[name] for name in ("flights", "events", "company months", "cents")}
    for month, (lines_of_month, total) in year.figures["months"].items():
        assert (found[month], sums[month]) == (lines_of_month, total)
