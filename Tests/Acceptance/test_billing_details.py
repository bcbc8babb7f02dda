"""Who a company's invoices are addressed to."""

import pytest

ADDRESS = {
    "line1": "Hauptstr. 5", "line2": "", "city": "Köln", "state": "NW", "postal_code": "50667", "country": "DE"}


@pytest.fixture
def path(shared, rng):
    company = shared.post("/companies", {"keys": {"id": f"details-{rng.random()}"}})
    return f"/companies/{company['id']}/billing-details"


def test_nothing_is_known_of_a_new_company(shared, path):
    details = shared.get(path)
    assert details["tax_ids"] == details["custom_fields"] == []
    assert details.get("email") is None and details.get("address") is None
    assert set(details["checkout_settings"].values()) == {False}


def test_what_is_not_named_stays_and_a_tax_id_replaces_the_one_of_its_type(shared, path):
    shared.put(path, {"email": "pay@acme.example", "address": ADDRESS, "values": []})
    shared.put(path, {"tax_id": {"type": "eu_vat", "value": "ATU1234567"}})
    details = shared.put(path, {"phone": "+49 221 5", "tax_id": {"type": "eu_vat", "value": "DE123456789"}})
    assert details["tax_ids"] == [{"id": "eu_vat", "type": "eu_vat", "value": "DE123456789", "country": "DE"}]
    assert (details["email"], details["phone"], details["address"]) == ("pay@acme.example", "+49 221 5", ADDRESS)
    assert shared.put(path, {"tax_id": {"type": "eu_vat", "value": ""}, "email": ""})["tax_ids"] == []
    assert shared.get(path).get("email") is None


@pytest.mark.parametrize("body, name", [
    ({"email": "nobody"}, "email"),
    ({"email": "a@b@c.de"}, "email"),
    ({"email": 5}, "email"),
    ({"address": {"city": "x" * 513}}, "address.city"),
    ({"address": "Köln"}, "address"),
    ({"phone": "1\n2"}, "phone"),
    ({"tax_id": {"type": "de_vat", "value": "1"}}, "tax_id.type"),
    ({"tax_id": {"type": "eu_vat"}}, "tax_id.value"),
    ({"values": [{"id": "x", "value": "y"}]}, "values"),
])
def test_a_mistake_is_named_and_changes_nothing(shared, path, body, name):
    before = shared.get(path)
    answer = shared.send("PUT", path, body)
    assert (answer.status_code, name in answer.json()["error"]) == (400, True), answer.text
    assert shared.get(path) == before


def test_of_a_company_that_is_not_there(shared):
    assert shared.send("GET", "/companies/comp_1111111111b/billing-details").status_code == 404
    assert shared.send("PUT", "/companies/comp_1111111111b/billing-details", {"email": "a@b.cd"}).status_code == 404
