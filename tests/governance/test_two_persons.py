"""Nobody approves what they wrote, edited last or asked for: every pair of roles, every way of writing, every way of
approving."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations_with_replacement, product
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from catalog.change_sets import acting
from catalog.imports import run as imports
from catalog.models import Attribute, ChangeSet, ExternalSystem, Product, User
from catalog.permissions import ROLES
from catalog.plans import run as plans
from catalog.products.changes import ProductChange
from catalog.products.write import write_products
from governance import proposals
from governance.copywriting import prompts, runs
from governance.models import Draft, PromptTemplate, PromptVersion, ReviewStep, Revision, Standing
from governance.workflow import verbs
from tests.catalog.api.conftest import Api
from tests.world import World, build_world, lasting

EVERY_RIGHT, SUPERUSER = "every_right", "superuser"
KINDS = (*ROLES, EVERY_RIGHT, SUPERUSER)
SOME = [("admin", EVERY_RIGHT)]
PAIRS = list(combinations_with_replacement(KINDS, 2))
# What ties a person to a product: they edited it last, asked for the review, wrote a part of it before others did, had
# AI write a text of it, or wrote the prompt of that text.
BY_AI = ("had written", "prompted")
TIES = ("edited", "asked", "wrote", *BY_AI)


def person(world: World, name: str, *kinds: str) -> User:
    user = User.objects.create_user(name, password=f"{name}-secret", is_superuser=SUPERUSER in kinds)
    user.groups.set(Group.objects.filter(name__in=kinds))
    world.people[name] = user
    return user


def hash_of(code: str) -> str:
    return Standing.objects.get(product__code=code).content_hash


# ---- ways of approving: each says whether the product's content, or the person's word for it, was taken ----


def on_its_page(world: World, by: str, code: str) -> None:
    client, pk = Client(), Product.objects.get(code=code).pk
    client.force_login(world.people[by])
    client.post(f"/review/{pk}/", {"decision": "approve", "content_hash": hash_of(code)})


def value_by_value(world: World, by: str, code: str) -> None:
    client, pk = Client(), Product.objects.get(code=code).pk
    client.force_login(world.people[by])
    sent = {"decision": "partly", "content_hash": hash_of(code), "key": [" brand"]}
    client.post(f"/review/{pk}/", sent)


def many_at_once(world: World, by: str, code: str) -> None:
    client, pk = Client(), Product.objects.get(code=code).pk
    client.force_login(world.people[by])
    client.get(f"/review/{pk}/")  # the sample
    client.post("/review/batch/", {"pick": [f"{pk} {hash_of(code)}"]})


def by_token(world: World, by: str, code: str) -> None:
    Api(world).of(by, "write").post(f"products/{code}/approve/", {"content_hash": hash_of(code)})


def for_a_system(world: World, by: str, code: str) -> None:
    if world.people[by].has_perm("catalog.speak_for_system"):
        api = Api(world).of(by, "write", system="erp")
        api.post(f"products/{code}/approve/", {"content_hash": hash_of(code)})


def by_command(world: World, by: str, code: str) -> None:
    call_command("approve", "--sku", f"{code}-s", "--as", by, stdout=io.StringIO())


def all_by_command(world: World, by: str, code: str) -> None:
    Standing.objects.exclude(product__code=code).update(state=Standing.State.DRAFT)  # all are this one
    call_command("approve", "--all", "--as", by, stdout=io.StringIO())


Approve = Callable[[World, str, str], None]
APPROVALS: tuple[Approve, ...] = (
    on_its_page,
    value_by_value,
    many_at_once,
    by_token,
    for_a_system,
    by_command,
    all_by_command,
)


def taken(world: World, approve: Approve, by: str, code: str) -> bool:
    """Whether it came to a revision, or to a word that counts; nothing of it is kept."""
    with transaction.atomic():
        approve(world, by, code)
        found = Revision.objects.filter(product__code=code).exists()
        found = found or ReviewStep.objects.filter(product__code=code, verb__in=("approve", "agree")).exists()
        transaction.set_rollback(True)
    return found


# ---- the shop: for each pair of roles somebody who has both, and a product per tie ----


def tied(world: World, by: str, tie: str) -> str:
    code = code_of(by, tie)
    author = by if tie in ("edited", "wrote") else "mara"
    made = world.product(code, ("s",))
    if tie == "wrote":
        write_as(world, by, code, "brand", "Bolt")
        write_as(world, "mara", code, "mpn", "X-1")
    elif tie in ("had written", "prompted"):
        text_as(world, made, asked=by if tie == "had written" else "mara", prompted=by if tie == "prompted" else "mara")
    else:
        write_as(world, author, code, "brand", "Bolt")
    asker = by if tie == "asked" else "mara"
    submit_as(world, asker, made)
    return code


def write_as(world: World, by: str, code: str, key: str, value: str) -> None:
    """In their name, whatever their rights are: rights come and go, what one wrote stays."""
    with acting(user=world.people[by], source=ChangeSet.Source.PAGE):
        (result,) = write_products([ProductChange(code=code, values={key: value})])
    assert result.status == "updated", result.errors


def text_as(world: World, made: Product, *, asked: str, prompted: str) -> None:
    """A text of AI, taken by mara: it becomes the brand, which is what each way of approving names."""
    brand = Attribute.objects.get(code="brand")
    template, _ = PromptTemplate.objects.get_or_create(code="words", defaults={"label": "Words", "attribute": brand})
    wording = {"instructions": "Name it.", "inputs": ["name"]}
    version = prompts.write_version(template=template, by=world.people[prompted], wording=wording)
    PromptVersion.objects.filter(pk=version.pk).update(evaluation={"green": True})
    version = prompts.activate(version=version, by=world.people["ada"])
    with lent(world, asked, "use_ai"):
        run = runs.plan(version=version, locale="en_US", ids=[made.pk], by=world.people[asked])
        runs.start(run, by=world.people[asked])
        while runs.advance(str(run.pk)):
            pass
    draft = Draft.objects.select_related("proposal").get(item__run=run)
    with acting(user=world.people["mara"], source=ChangeSet.Source.PAGE):
        proposals.accept(proposal=draft.proposal, user=world.people["mara"])


@contextmanager
def lent(world: World, by: str, right: str) -> Iterator[None]:
    user, permission = world.people[by], Permission.objects.get(codename=right)
    user.user_permissions.add(permission)
    world.people[by] = User.objects.get(pk=user.pk)
    yield
    user.user_permissions.remove(permission)
    world.people[by] = User.objects.get(pk=user.pk)


def submit_as(world: World, by: str, made: Product) -> None:
    with lent(world, by, "submit_product"):
        world.verb("submit", made, by)


def build(pairs: Sequence[tuple[str, str]], world: World | None = None) -> World:
    world = world or build_world()
    ExternalSystem.objects.create(code="erp", label="the ERP")
    Group.objects.create(name=EVERY_RIGHT).permissions.set(Permission.objects.all())
    for first, second in pairs:
        name = f"{first}-{second}"
        person(world, name, first, second)
        for tie in TIES:
            tied(world, name, tie)
    for kind in KINDS:
        person(world, f"other-{kind}", kind)
    person(world, "omni", EVERY_RIGHT)
    return world


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with lasting(django_db_blocker):
        yield build(SOME)


def ties_of(approve: Approve) -> list[str]:
    """Those that the way of approving passes at all: all at once, no text of AI goes live, whoever asks."""
    return [tie for tie in TIES if approve is not all_by_command or tie not in BY_AI]


def tied_to(pairs: Sequence[tuple[str, str]], ties: Sequence[str] = TIES) -> list[tuple[str, str]]:
    """Each person of these, and the code of each product that they are tied to."""
    names = [f"{first}-{second}" for first, second in pairs]
    return [(name, code_of(name, tie)) for name, tie in product(names, ties)]


def code_of(by: str, tie: str) -> str:
    return f"{by}-{tie.replace(' ', '-')}"


def slipped(world: World, approve: Approve, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Products whose people could approve them by themselves."""
    return [code for n, code in tied_to(pairs) if taken(world, approve, n, code)]


def able(world: World, approve: Approve, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """All products of those whose rights alone would let them."""
    needed = ["governance.approve_product"] + ["catalog.speak_for_system"] * (approve is for_a_system)
    return [code for n, code in tied_to(pairs, ties_of(approve)) if world.people[n].has_perms(needed)]


@pytest.mark.parametrize("approve", APPROVALS)
def test_who_has_every_right_does_not_approve_their_own(shop: World, db: None, approve: Approve, settings: Any) -> None:
    assert slipped(shop, approve, SOME) == []
    settings.PIMHUB_TWO_PERSON = False  # nothing but the rule stood in their way
    assert len(slipped(shop, approve, SOME)) == len(ties_of(approve))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("approve", APPROVALS)
def test_no_pair_of_roles_approves_its_own(world: World, approve: Approve, settings: Any) -> None:
    """The rule forbids it to all, and where it is taken out nothing else stands in the way of those who may approve."""
    shop = build(PAIRS, world)
    assert slipped(shop, approve, PAIRS) == []
    settings.PIMHUB_TWO_PERSON = False
    assert slipped(shop, approve, PAIRS) == able(shop, approve, PAIRS) != []


@pytest.mark.parametrize("approve", APPROVALS)
def test_somebody_else_approves_it_who_may(shop: World, db: None, approve: Approve) -> None:
    for kind, tie in product(KINDS, TIES):
        other = shop.people[f"other-{kind}"]
        may = other.has_perm("governance.approve_product") and tie in ties_of(approve)
        may = may and (approve is not for_a_system or other.has_perm("catalog.speak_for_system"))
        assert taken(shop, approve, other.username, code_of(f"admin-{EVERY_RIGHT}", tie)) == may, (kind, tie)


# ---- ways of writing ----


def in_the_editor(world: World, code: str) -> None:
    client = Client()
    client.force_login(world.people["omni"])
    client.post(f"/products/{code}/?locale=en_US", {"base:brand": "Acme", "value:brand": "Bolt"})


def with_a_token(world: World, code: str) -> None:
    Api(world).of("omni", "write").patch(f"products/{code}/", {"values": {"brand": "Bolt"}})


def with_a_token_for_a_system(world: World, code: str) -> None:
    Api(world).of("omni", "write", system="erp").patch(f"products/{code}/", {"values": {"brand": "Bolt"}})


def many_with_a_token(world: World, code: str) -> None:
    Api(world).of("omni", "write").bulk("products/", [{"code": code, "values": {"brand": "Bolt"}}])


def with_a_file(world: World, code: str) -> None:
    text = f"Handle,Vendor,Option1 Name,Option1 Value,Variant SKU\n{code},Bolt,Size,s,{code}-s\n"
    run = imports.start_run(user=world.people["omni"], filename="a.csv", chunks=[text.encode()], apply=True)
    imports.work_through(run)


def with_a_plan(world: World, code: str) -> None:
    what = {"select": {"codes": [code]}, "change": {"values": {"brand": "Bolt"}}}
    carry_out(plans.start(kind="edit", what=what, user=world.people["omni"]))


def by_undoing(world: World, code: str) -> None:
    """Their word is the value that comes back."""
    world.change(code, values={"brand": "Crow"})
    found = Product.objects.get(code=code).journal.latest("pk").change_set
    carry_out(plans.start(kind="undo", what={"change_set": str(found.pk)}, user=world.people["omni"]))


def carry_out(plan: Any) -> None:
    while plans.advance(str(plan.pk)):
        pass
    plans.apply(plan, user=plan.user)
    while plans.advance(str(plan.pk)):
        pass


WRITERS = (
    in_the_editor,
    with_a_token,
    with_a_token_for_a_system,
    many_with_a_token,
    with_a_file,
    with_a_plan,
    by_undoing,
)


@pytest.mark.parametrize("write", WRITERS)
def test_whatever_the_way_it_was_written(shop: World, db: None, write: Callable[[World, str], None]) -> None:
    made = shop.product("cap", ("s",))
    before = made.version
    write(shop, "cap")
    made.refresh_from_db()
    assert made.version > before
    assert Standing.objects.get(product=made).last_editor == shop.people["omni"]
    shop.verb("submit", made, "mara")
    for approve in APPROVALS:
        assert not taken(shop, approve, "omni", "cap"), approve.__name__
        assert taken(shop, approve, f"other-{SUPERUSER}", "cap"), approve.__name__


def test_a_refusal_says_why_in_each_way(shop: World, db: None) -> None:
    code = f"admin-{EVERY_RIGHT}-edited"
    name, words = f"admin-{EVERY_RIGHT}", "You edited this product last, so somebody else must approve it."
    answer = Api(shop).of(name, "write").post(f"products/{code}/approve/", {"content_hash": hash_of(code)})
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (403, "two_person", words)
    out = io.StringIO()
    call_command("approve", "--sku", f"{code}-s", "--as", name, "--json", stdout=out)
    (refused,) = json.loads(out.getvalue())["refused"]
    assert (refused["code"], refused["message"]) == ("two_person", words)
    client, pk = Client(), Product.objects.get(code=code).pk
    client.force_login(shop.people[name])
    page = client.post(f"/review/{pk}/", {"decision": "approve", "content_hash": hash_of(code)})
    assert page.status_code == 403
    assert words in page.content.decode()
    client.get(f"/review/{pk}/")
    page = client.post("/review/batch/", {"pick": [f"{pk} {hash_of(code)}"]}, follow=True)
    assert words in page.content.decode()
    assert Standing.objects.get(product__code=code).state == verbs.S.IN_REVIEW
