"""The configuration on pages: by the same rules as through the API, and nobody's change is lost."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from catalog.models import Attribute, AttributeOption, Category, Family, PriceList
from catalog.views.structure_kinds import KINDS
from tests.world import World


@pytest.fixture
def ada(world: World, client: Client) -> Client:
    client.force_login(world.people["ada"])
    return client


def seen(client: Client, path: str) -> dict[str, Any]:
    """What a person would send back unchanged: every field as the page shows it."""
    text = client.get(path).content.decode()
    text = text[text.index("data-guard") :]
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = _of(tag, "name"), _of(tag, "value")
        if not name or name == "csrfmiddlewaretoken" or ('type="checkbox"' in tag and " checked" not in tag):
            continue
        sent.setdefault(name, []).append(value or ("on" if 'type="checkbox"' in tag else ""))
    for name, inner in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', text, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        sent[name] = [chosen.group(1) if chosen else ""]
    for name, inner in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', text, re.S):
        sent[name] = [html.unescape(inner).strip()]
    return sent


def _of(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(found.group(1)) if found else ""


def test_every_kind_has_a_list_and_a_form(ada: Client) -> None:
    assert ada.get("/structure/").status_code == 200
    for kind in KINDS.values():
        of = {"attributes": "?of=size", "entities": "?of=none"}.get(kind.of, "")
        for path in (f"/structure/{kind.name}/{of}", f"/structure/{kind.name}/edit/{of}"):
            shown = ada.get(path, follow=bool(kind.page))  # some kinds have pages of their own
            assert shown.status_code == (404 if kind.of == "entities" else 200), path
    assert ada.get("/structure/nothing/").status_code == 404


def test_an_attribute_is_made_changed_and_deleted(ada: Client) -> None:
    new = {"code": "fabric", "type": "select", "group": "general", "labels.en_US": "Fabric", "filterable": "on"}
    new["group"] = Attribute.objects.get(code="size").group.code
    assert {"requires_review", "open_options"} <= set(seen(ada, "/structure/attributes/edit/"))  # as a new one has them
    assert ada.post("/structure/attributes/edit/", new).status_code == 302
    fabric = Attribute.objects.get(code="fabric")
    assert (fabric.label(), fabric.filterable, fabric.unique) == ("Fabric", True, False)
    assert b"Fabric" in ada.get("/structure/attributes/?q=fabr").content
    sent = seen(ada, "/structure/attributes/edit/?code=fabric") | {"unique": "on", "labels.en_US": "Cloth"}
    assert ada.post("/structure/attributes/edit/?code=fabric", sent).status_code == 302
    fabric.refresh_from_db()
    assert (fabric.label(), fabric.filterable, fabric.unique) == ("Cloth", True, True)
    assert ada.post("/structure/options/edit/?of=fabric", {"code": "wool", "labels.en_US": "Wool"}).status_code == 302
    assert AttributeOption.objects.get(attribute=fabric).label() == "Wool"
    assert ada.post("/structure/attributes/edit/?code=fabric", {"do": "delete"}).status_code == 302
    assert not Attribute.objects.filter(code="fabric").exists()


def test_what_is_wrong_stands_at_its_field(ada: Client) -> None:
    group = Attribute.objects.get(code="size").group.code
    new = {"code": "weight2", "type": "text", "group": group, "limits": '{"longest": 3}'}
    answer = ada.post("/structure/attributes/edit/", new)
    assert answer.status_code == 422
    assert "has no limit “longest”" in str(answer.context["form"].errors["limits"])
    answer = ada.post("/structure/attributes/edit/", new | {"limits": "{"})
    assert answer.context["form"].errors["limits"]
    answer = ada.post("/structure/attributes/edit/", new | {"limits": "", "code": "size"})
    assert "already" in str(answer.context["form"].errors["code"])
    assert not Attribute.objects.filter(code="weight2").exists()


@pytest.mark.parametrize("kind", ["attributes", "families", "scopes", "price-lists", "locations", "groups", "locales"])
def test_saving_what_was_not_touched_changes_nothing(ada: Client, kind: str) -> None:
    known = KINDS[kind]
    rows = list(known.rows(None))
    assert rows
    for row in rows:
        before = known.row(row).data
        path = f"/structure/{kind}/edit/?code={row.code}"
        answer = ada.post(path, seen(ada, path))
        assert answer.status_code == 302, answer.context["form"].errors
        row.refresh_from_db()
        assert known.row(type(row)._default_manager.get(pk=row.pk)).data == before


def test_a_family_gets_attributes_and_requirements(ada: Client) -> None:
    path = "/structure/families/edit/?code=default"
    sent = seen(ada, path)
    count = Family.objects.get(code="default").requirements
    sent |= {"required:brand": "default", "variant:brand": "on", "drop:mpn": "on"}
    assert ada.post(path, sent).status_code == 302
    family = Family.objects.get(code="default")
    brand = family.family_attributes.get(attribute__code="brand")
    assert brand.on_variant
    assert [s.code for s in brand.required_for.all()] == ["default"]
    assert not family.family_attributes.filter(attribute__code="mpn").exists()
    assert family.requirements == count + 1
    assert b"measured anew" in ada.get("/structure/").content
    assert ada.post(path, seen(ada, path) | {"add": "mpn, nothing"}).status_code == 422


def test_a_change_made_meanwhile_is_not_lost(ada: Client) -> None:
    path = "/structure/price-lists/edit/?code=default"
    sent = seen(ada, path)
    PriceList.objects.filter(code="default").update(label="Somebody else's")
    answer = ada.post(path, sent | {"label": "Mine"})
    assert answer.status_code == 422
    assert "Somebody changed it" in answer.content.decode()
    assert PriceList.objects.get(code="default").label == "Somebody else's"


def test_what_is_in_use_is_not_deleted(ada: Client, world: World) -> None:
    world.product()
    for path, words in (
        ("/structure/families/edit/?code=default", "1 products are of the family"),
        ("/structure/price-lists/edit/?code=default", "in use"),
        ("/structure/attributes/edit/?code=brand", "in the family"),
    ):
        assert words in ada.post(path, {"do": "delete"}, follow=True).content.decode()


def test_categories_are_placed_and_moved(ada: Client) -> None:
    for code, parent in (("home", ""), ("home/mugs", "home"), ("home/cups", "home")):
        sent = {"code": code, "parent": parent, "labels.en_US": code.title()}
        assert ada.post("/structure/categories/edit/", sent).status_code == 302
    path = "/structure/categories/edit/?code=home/cups"
    assert ada.post(path, seen(ada, path) | {"parent": "home/mugs"}).status_code == 302
    cups = Category.objects.get(code="home/cups")
    assert Category.objects.get_parent(cups).code == "home/mugs"
    assert ada.post(path, seen(ada, path) | {"parent": "none"}).status_code == 422
    assert ada.post(path, {"do": "delete"}).status_code == 302
    assert Category.objects.get(code="home/cups").trashed_at


def test_who_may_not_change_it_reads_it(world: World, client: Client) -> None:
    client.force_login(world.people["rafael"])
    page = client.get("/structure/attributes/edit/?code=brand").content.decode()
    assert "catalog.manage_structure" in page
    assert "data-save" not in page
    assert client.post("/structure/attributes/edit/?code=brand", {"do": "delete"}).status_code == 403
    client.force_login(world.people["mara"])  # may change categories, and nothing else of it
    assert client.post("/structure/categories/edit/", {"code": "own", "labels.en_US": "Own"}).status_code == 302
    assert client.post("/structure/scopes/edit/", {"code": "own", "label": "Own"}).status_code == 403
