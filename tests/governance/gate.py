"""A small shop under random hands, and what its channels may show of it.

The keeper of the books here knows nothing of revisions: it notes what an approval was shown, and by whom
each value was written, and holds every rendering against these notes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db import connection
from django.utils import timezone

from catalog import events
from catalog.change_sets import acting
from catalog.models import (
    Attribute,
    AttributeOption,
    Category,
    ChangeSet,
    DomainEvent,
    ExternalSystem,
    MediaAsset,
    Offer,
    Product,
    Scope,
)
from catalog.plans import run as plans
from catalog.products import trash
from catalog.products.changes import MediaChange, OfferChange, ProductChange, VariantChange
from catalog.products.load import load_states
from catalog.products.state import Flat, content_of, difference, flatten
from catalog.products.write import write_products
from channels.connections import connect, connector_of
from channels.connectors.base import MappedProduct
from channels.models import Channel
from channels.rendering.source import gather
from governance import proposals
from governance.models import ApprovalPolicy, Embargo, OwnershipRule, Proposal, Revision, SalePolicy, Standing
from governance.revisions.embargo import in_force_of
from governance.revisions.pending import pending
from governance.revisions.read import read
from governance.sales import decide as sales
from governance.workflow.base import Refused
from governance.workflow.second_thoughts import take_back
from governance.workflow.verbs import release_due
from tests.catalog.api.conftest import Api
from tests.world import World, variant

CODES = ("tee", "hat")
WORDS = ("Acme", "Bolt", "Crow")
HOUR = timedelta(hours=1)
READS = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")
MAY_APPROVE = {"rafael", "ada"}


@dataclass
class Book:
    """Of one product: what is live by the notes, and what every channel showed then."""

    content: Flat | None = None
    words: dict[str, Any] = field(default_factory=dict)  # names and pictures
    shown: dict[str, Any] = field(default_factory=dict)
    # Under an embargo of a scope: what every channel showed when it began.
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    # By revision number.
    archive: dict[int, tuple[Flat, dict[str, Any], dict[str, Any]]] = field(default_factory=dict)


class Shop:
    def __init__(self, world: World, random: Random) -> None:
        self.world, self.random = world, random
        self.books = {code: Book() for code in CODES}
        # (product, row, key) → who had a hand in the present value
        self.authors: dict[tuple[str, str, str], set[str]] = {}
        self.systems: dict[tuple[str, str, str], str] = {}  # the same → the system that wrote it
        self.system = ""  # of the step under way
        self.last: dict[str, tuple[str, int, Book]] = {}  # by product: who approved last, what, and the book before
        self.channels = list(Channel.objects.select_related("scope", "mapping", "market__price_list__currency"))
        self.told = 0  # the last event that was handed on
        self.log: list[str] = []
        self.acts: list[ChangeSet] = []
        self.sales: dict[tuple[str, str], bool] = {}  # (SKU, sale) → the newest word on it
        self.now = self.contents()  # as the last step left it
        self.wrote = True  # since the last look at what is shown
        for code in CODES:
            self._wrote(code, {}, self.now[code], "mara")

    # ---- what there is ----

    def contents(self) -> dict[str, Flat]:
        states = load_states(codes=CODES, lock=False)
        return {code: content_of(flatten(states[code])) for code in CODES}

    def content(self, code: str) -> Flat:
        return self.contents()[code]

    def standing(self, code: str) -> Standing:
        return Standing.objects.select_related("product", "live").get(product__code=code)

    def rendered(self, code: str) -> dict[str, Any]:
        """What each channel would show of what was approved last, as if nothing were held back."""
        return {channel: bare(shown[code]) for channel, shown in self.all_rendered([code], live=True).items() if shown}

    def all_rendered(self, codes: Sequence[str] = CODES, *, live: bool = False) -> dict[str, dict[str, MappedProduct]]:
        """By channel, what it would show of each product of which it shows something."""
        rows = Standing.objects.select_related("product", "live").filter(product__code__in=codes)
        standings = {s.product_id: s for s in rows}
        found = {}
        for channel in self.channels:
            now = (
                {pk: s.live for pk, s in standings.items()} if live else in_force_of(standings.values(), channel.scope)
            )
            revisions = [revision for revision in now.values() if revision is not None]
            sources = gather(channel, connector_of(channel), revisions, connect(channel), timezone.now())
            found[channel.code] = {standings[pk].product.code: source.mapped for pk, source in sources.items()}
        return found

    # ---- what people do ----

    def step(self) -> None:
        name = self.random.choice(list(STEPS))
        usual = {"submit": ["mara"], "approv": ["rafael", "ada"]}
        usual |= dict.fromkeys(("make l", "archiv", "hold b", "let go", "decide"), ["rafael"])
        people = usual.get(name[:6], ["mara", "ada"]) * 4 + ["mara", "rafael", "chiara", "ada"]
        code, by = self.random.choice(CODES), self.random.choice(people)
        self.log.append(f"{name} {code} by {by}")
        act, self.system = STEPS[name], ""
        with connection.execute_wrapper(self._notice):
            if "approv" in name or "take" in name:  # keeps its own books
                act(self, code, by)
            else:
                self._noting(lambda: act(self, code, by), by)

    def _notice(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """That something was written: as long as nothing is, there is nothing new to look at."""
        self.wrote = self.wrote or not sql.startswith(READS)
        return execute(sql, params, many, context)

    def _noting(self, act: Callable[[], None], by: str) -> None:
        act()
        self._look(by)

    def _look(self, *by: str) -> None:
        """Note who wrote what is otherwise than before."""
        if not self.wrote:
            return
        before, self.now = self.now, self.contents()
        for each in CODES:
            self._wrote(each, before[each], self.now[each], *by)

    def _wrote(self, code: str, before: Flat, after: Flat, *by: str) -> None:
        for row, changed in difference(before, after).items():
            for key in changed:
                self.authors[code, row, key] = set(by)
                self.systems[code, row, key] = self.system

    def write(self, code: str, by: str, **parts: Any) -> None:
        with acting(user=self.world.people[by], source=self.random.choice(["page", "import", "api"])) as act:
            act.system = self.system = self.random.choice(["", "erp"])
            write_products([ProductChange(code=code, **parts)])
        if act.change_set is not None:
            self.acts.append(act.change_set)

    def edit(self, code: str, by: str) -> None:
        word = self.random.choice(WORDS)
        self.write(
            code,
            by,
            **self.random.choice(
                [
                    {"values": {"brand": word}},
                    {"values": {"name@en_US": f"{word} {code}", "product_type": self.random.choice(WORDS)}},
                    {"values": {"description@en_US": f"<p>{word}</p>"}},
                    {"categories": self.random.choice([(), ("products",)])},
                    {"media": self.random.choice([(), (MediaChange(url=f"https://img.example/{word}.jpg"),)])},
                    {"variants": (variant(f"{code}-l", "l"),)},
                    {"variants": (VariantChange(f"{code}-s", values={"mpn": word}),)},
                    {"variants": (VariantChange(f"{code}-m", trashed=self.random.choice([True, False])),)},
                    {"variants": (VariantChange(f"{code}-s", offers={"default": OfferChange(price=Decimal("9.90"))}),)},
                ]
            ),
        )

    def bulk(self, code: str, by: str) -> None:
        """Through the API, many at once, by whoever may."""
        lines = [{"code": c, "values": {"brand": self.random.choice(WORDS)}} for c in CODES]
        answer = Api(self.world).of(by).send("products/", lines)
        b"".join(answer)  # read to its end

    def undo(self, code: str, by: str) -> None:
        if not self.acts:
            return
        person = self.world.people[by]
        chosen = self.random.choice(self.acts)
        plan = plans.start(kind="undo", what={"change_set": str(chosen.pk)}, user=person, reason="undo")
        while plans.advance(str(plan.pk)):
            pass
        plan.refresh_from_db()
        plans.apply(plan, user=person)
        while plans.advance(str(plan.pk)):
            pass

    def trash_and_restore(self, code: str, by: str) -> None:
        product = Product.everything.get(code=code)
        with acting(user=self.world.people[by], source="page"):
            if product.trashed_at is None and self.random.random() < 0.5:
                trash.trash_product(product=product, force=True)
            elif product.trashed_at is not None:
                trash.restore_product(product=product)

    def propose(self, code: str, by: str) -> None:
        product = Product.everything.get(code=code)
        wanted = {"": {"brand": self.random.choice(WORDS)}, f"{code}-s": {"mpn": self.random.choice(WORDS)}}
        with acting(user=self.world.people[by], source="page"), suppress(proposals.CannotPropose):
            proposals.propose(product=product, wanted=wanted)

    def take(self, code: str, by: str) -> None:
        waiting = list(Proposal.objects.filter(state="open", product__code=code).select_related("proposed_by"))
        if not waiting:
            return
        chosen = self.random.choice(waiting)
        person = self.world.people[by]
        with acting(user=person, source="page"), suppress(proposals.CannotDecide):
            proposals.accept(proposal=chosen, user=person)
        proposer = chosen.proposed_by.username if chosen.proposed_by else ""
        self._look(by, proposer)

    def own(self, code: str, by: str) -> None:
        """Who owns brands, or prices, changes; what is there stays."""
        erp, _ = ExternalSystem.objects.get_or_create(code="erp")
        if OwnershipRule.objects.exists():
            OwnershipRule.objects.all().delete()
        elif self.random.random() < 0.5:
            how = self.random.choice(OwnershipRule.Otherwise.values)
            brand = Attribute.objects.get(code="brand")
            OwnershipRule.objects.create(code="brands", owner=erp, attribute=brand, otherwise=how)
        else:
            OwnershipRule.objects.create(code="pictures", owner=erp, part="media")

    def sell(self, code: str, by: str) -> None:
        """Past the two-person rule of values: prices are their owner's."""
        price = self.random.choice([Decimal("7.90"), Decimal("8.90"), None])
        self.write(code, by, variants=(VariantChange(f"{code}-s", offers={"default": OfferChange(sale_price=price)}),))

    def ask_for_sales(self, code: str, by: str) -> None:
        if SalePolicy.objects.exists():
            if self.random.random() < 0.3:
                SalePolicy.objects.all().delete()
        else:
            SalePolicy.objects.create(code="sales").approvers.add(self.world.people["rafael"])

    def decide_sale(self, code: str, by: str) -> None:
        """By whoever, of what there is or of a sale that was on before."""
        if not SalePolicy.objects.exists():
            self.ask_for_sales(code, by)
        if not Offer.objects.filter(variant__sku=f"{code}-s", sale_price__isnull=False).exists():
            self._noting(lambda: self.sell(code, "mara"), "mara")
        offer = Offer.objects.filter(variant__sku=f"{code}-s").first()
        if offer is None or offer.sale_price is None:
            return
        window = sales.window_of(offer) if self.random.random() < 0.8 else "6.90 - -"
        approve, wrote = self.random.random() < 0.8, sales.writers(offer)
        person = self.world.people[by]
        try:
            with acting(user=person, source="page"):
                sales.decide(offer=offer, window=window, user=person, approve=approve, comment="so")
        except sales.CannotDecide as error:
            self.log[-1] += f": {error.code}"
            return
        assert by == "rafael", "a word on a sale by somebody who is not named"
        assert window == sales.window_of(offer), "a word on another sale"
        assert not (approve and person.pk in wrote), "an approval of one's own sale"
        self.sales[offer.variant.sku, f"{offer.sale_price}"] = approve
        self.log[-1] += ": decided"

    def trust(self, code: str, by: str) -> None:
        """Whether what the ERP writes of a product's general values needs anybody."""
        erp, _ = ExternalSystem.objects.get_or_create(code="erp")
        if ApprovalPolicy.objects.exists():
            if self.random.random() < 0.3:
                ApprovalPolicy.objects.all().delete()
        else:
            general = Attribute.objects.get(code="brand").group
            ApprovalPolicy.objects.create(code="general", group=general, trusted=erp)

    def hand_on(self, code: str, by: str) -> None:
        """What the workers do with what happened: trusted values go live."""
        if self.random.random() < 0.7:
            word = self.random.choice(WORDS)
            self._noting(lambda: self.write(code, "mara", values={"brand": word}), "mara")
        news = DomainEvent.objects.filter(pk__gt=self.told)
        changed = set(news.filter(type="product.changed").values_list("product_code", flat=True))
        self.told = news.order_by("pk").values_list("pk", flat=True).last() or self.told
        trusted = set(
            Attribute.objects.filter(group__approvalpolicy__trusted__code="erp").values_list("code", flat=True)
        )
        before = {each: (self.standing(each), self.now[each]) for each in CODES}
        events.derive()
        for each, (standing, content) in before.items():
            book = self.books[each]
            if each not in changed or book.content is None or standing.product.trashed_at is not None:
                continue
            chosen = {
                (row, key)
                for row, keys in difference(book.content, content).items()
                for key in keys
                if row in book.content and row in content and key.partition("@")[0] in trusted
                if self.systems[each, row, key] == "erp"
            }
            if chosen and standing.state != Standing.State.ARCHIVED:
                live = self.standing(each).live
                assert live is not None
                book.content, book.words = composed(book.content, content, chosen), read(live).context().words()
                book.shown = self.rendered(each)
                book.archive[live.number] = (book.content, book.words, book.shown)
                self.log[-1] += f": {len(chosen)} trusted"

    def rename(self, code: str, by: str) -> None:
        """Past the door: options, categories, axes, and the bytes of pictures."""
        word = self.random.choice(WORDS)
        self.random.choice(
            [
                lambda: AttributeOption.objects.filter(code="s").update(labels={"en_US": word}),
                lambda: Attribute.objects.filter(code="size").update(labels={"en_US": word}),
                lambda: Category.objects.filter(code="products").update(labels={"en_US": word}),
                lambda: MediaAsset.objects.update(
                    sha256=self.random.choice("abc") * 64, state="ready", extension=".jpg", mime="image/jpeg"
                ),
            ]
        )()

    def _verb(self, name: str, code: str, by: str, **given: Any) -> Any:
        """The verb, or None where it was refused."""
        try:
            return self.world.verb(name, Product.everything.get(code=code), by, **given)
        except Refused as refused:
            self.log[-1] += f": {refused.code}"
            return None

    def submit(self, code: str, by: str) -> None:
        self._verb(self.random.choice(["submit", "submit", "submit", "withdraw"]), code, by)

    def approve(self, code: str, by: str) -> None:
        if self.standing(code).state != Standing.State.IN_REVIEW and self.random.random() < 0.9:
            self._verb("submit", code, "mara")
        standing, content = self.standing(code), self.now[code]
        now = pending(standing)
        stale = self.random.random() < 0.1
        changed = {(row, key) for row, keys in now.changes.items() for key in keys}
        chosen = self.random.sample(sorted(changed), k=min(2, len(changed))) if self.random.random() < 0.4 else None
        given: dict[str, Any] = {"content_hash": standing.content_hash, "keys": chosen}
        if self.random.random() < 0.2:
            given |= {"live_at": timezone.now() + HOUR, "scope": self.scope()}
        if self.random.random() < 0.5:
            given["review_hash"] = now.review_hash
        if stale:
            self._noting(lambda: self.edit(code, "mara"), "mara")
            stale = self.now[code] != content
        if self.random.random() < 0.5:
            revision = self._verb("approve", code, by, **given)
        else:
            revision = self._approve_by_api(code, by, given)
        if revision is None:
            return
        assert not stale, "an approval of what was edited since"
        assert by in MAY_APPROVE, "an approval by somebody who may not"
        whole = changed if chosen is None else now.whole(chosen)
        for row, key in whole:
            assert by not in self.authors.get((code, row, key), ()), f"{by} wrote {key} and approved it"
        expected = content if chosen is None else composed(self.books[code].content, content, whole)
        book = self.books[code]
        words = dict(now.context.words())
        if chosen is not None:  # what was called something goes on being called that
            pictures = ("", "media") in whole
            words |= {w: said for w, said in book.words.items() if not (pictures and w.startswith("picture"))}
        frozen = read(revision).context().words()
        assert {w: words[w] for w in frozen} == frozen, "names that nobody approved"
        self.last[code] = (by, revision.number, replace(book, archive=dict(book.archive), held=dict(book.held)))
        if "live_at" in given:
            self._held(code, given["scope"])
        book.content, book.words, book.shown = expected, frozen, self.rendered(code)
        book.archive[revision.number] = (expected, frozen, book.shown)

    def _approve_by_api(self, code: str, by: str, given: dict[str, Any]) -> Revision | None:
        body = {name: value for name, value in given.items() if value is not None}
        if "live_at" in body:
            body["live_at"] = body["live_at"].isoformat()
            body |= {"scope": body["scope"].code} if "scope" in body else {}
        answer = Api(self.world).of(by).post(f"products/{code}/approve/", json.loads(json.dumps(body)))
        if answer.status_code != 200:
            self.log[-1] += f": {answer.json()['code']}"
            return None
        return Revision.objects.get(product__code=code, number=answer.json()["live_revision"])

    def take_back(self, code: str, by: str) -> None:
        """Within seconds, whoever approved it."""
        approver, number, before = self.last.get(code, (by, 0, self.books[code]))
        person = self.world.people[approver]
        try:
            with acting(user=person, source="page"):
                take_back(product=Product.everything.get(code=code), user=person)
        except Refused as refused:
            self.log[-1] += f": {refused.code}"
            return
        book = self.books[code]
        book.content, book.words, book.shown = before.content, before.words, before.shown
        book.archive.pop(number, None)

    def make_live(self, code: str, by: str) -> None:
        numbers = list(self.books[code].archive) or [1]
        number = self.random.choice(numbers)
        revision = self._verb("make_live", code, by, number=number, comment="back")
        if revision is not None:
            assert by in MAY_APPROVE
            book = self.books[code]
            book.content, book.words, book.shown = book.archive[number]

    def archive(self, code: str, by: str) -> None:
        archived = self.standing(code).state == Standing.State.ARCHIVED
        if not archived and self.random.random() < 0.6:
            return
        name = "reopen" if archived else "archive"
        if self._verb(name, code, by, comment="season") is not None and name == "archive":
            assert by in MAY_APPROVE
            book = self.books[code]
            book.content, book.words, book.shown = None, {}, {}
            book.held.clear()

    def scope(self) -> Scope | None:
        return self.random.choice([None, *Scope.objects.order_by("code")])

    def hold_back(self, code: str, by: str) -> None:
        scope = self.scope()
        if self._verb("hold_back", code, by, until=timezone.now() + HOUR, scope=scope) is not None:
            assert by in MAY_APPROVE
            self._held(code, scope)

    def _held(self, code: str, scope: Scope | None) -> None:
        now = self.expected(code)
        for name in self._names(scope):
            self.books[code].held.setdefault(name, now)

    def _names(self, scope: Scope | None) -> list[str]:
        return [scope.code] if scope else list(Scope.objects.values_list("code", flat=True))

    def let_go(self, code: str, by: str) -> None:
        """By hand, or because its time has come."""
        book, scope = self.books[code], self.scope()
        names = self._names(scope)
        if self.random.random() < 0.5:
            if self._verb("lift", code, by, scope=scope, comment="sooner") is None:
                return
            assert by in MAY_APPROVE
        else:
            held = Embargo.objects.filter(product__code=code, scope__code__in=names)
            assert release_due() == 0
            assert held.update(until=timezone.now() - HOUR) == release_due()
        for name in names:
            book.held.pop(name, None)

    # ---- what must be so ----

    def check(self) -> None:
        if not self.wrote:
            return
        self.wrote = False
        shown = self.all_rendered()
        for code in self.books:
            found = {channel: bare(products[code]) for channel, products in shown.items() if code in products}
            assert found == self.expected(code), f"{code} shows what nobody approved"
            for mapped in found.values():
                held = {medium.key for medium in mapped.media if medium.key.startswith("sha256:")}
                assert held <= self._pictures(code), f"{code} shows bytes that nobody approved"
        self._check_sales(shown)

    def _check_sales(self, shown: dict[str, dict[str, MappedProduct]]) -> None:
        """A sale is shown where nothing asks for a word, or this very sale has it; and then it is shown."""
        asked = SalePolicy.objects.exists()
        held = dict(Offer.objects.values_list("variant__sku", "sale_price"))
        variants = [v for products in shown.values() for mapped in products.values() for v in mapped.variants]
        for each in variants:
            sale = held.get(each.sku)
            may = not asked or self.sales.get((each.sku, f"{sale}"), False)
            if each.price is not None:
                wanted = sale if may else None
                assert each.price.sale_price == wanted, f"{each.sku} shows a sale that nobody approved"

    def _pictures(self, code: str) -> set[str]:
        """Hashes of all the bytes that were ever approved for a product, by the notes."""
        names = [words for _, words, _ in self.books[code].archive.values()]
        return {f"sha256:{said}" for words in names for what, said in words.items() if what.startswith("picture ")}

    def expected(self, code: str) -> dict[str, Any]:
        """By the notes: what each channel shows."""
        book, found = self.books[code], {}
        for channel, scope in Channel.objects.values_list("code", "scope__code"):
            source = book.held.get(scope, book.shown)
            found |= {channel: source[channel]} if channel in source else {}
        return found


def bare(mapped: MappedProduct) -> MappedProduct:
    """But for prices and stock: these pass on another authority."""
    return replace(mapped, variants=tuple(replace(v, price=None, stock={}) for v in mapped.variants), revision=0)


def composed(live: Flat | None, content: Flat, chosen: set[tuple[str, str]]) -> Flat:
    """What is live with the chosen changes, put together by hand."""
    found = {row: dict(values) for row, values in (live or {}).items()}
    for row, key in chosen:
        if row not in content:
            found.pop(row, None)
        elif row not in (live or {}):
            found[row] = content[row]
        elif key in content[row]:
            found[row][key] = content[row][key]
        else:
            found[row].pop(key, None)
    return found


STEPS: dict[str, Callable[[Shop, str, str], None]] = {
    "edit": Shop.edit,
    "edit again": Shop.edit,
    "bulk": Shop.bulk,
    "undo": Shop.undo,
    "trash": Shop.trash_and_restore,
    "rename": Shop.rename,
    "propose": Shop.propose,
    "take": Shop.take,
    "own": Shop.own,
    "submit": Shop.submit,
    "edit once more": Shop.edit,
    "submit again": Shop.submit,
    "approve": Shop.approve,
    "approve again": Shop.approve,
    "approve once more": Shop.approve,
    "make live": Shop.make_live,
    "take back": Shop.take_back,
    "approve at last": Shop.approve,
    "archive": Shop.archive,
    "trust": Shop.trust,
    "sell": Shop.sell,
    "ask for sales": Shop.ask_for_sales,
    "decide sale": Shop.decide_sale,
    "trust again": Shop.trust,
    "hand on": Shop.hand_on,
    "hand on again": Shop.hand_on,
    "edit after all": Shop.edit,
    "approve after all": Shop.approve,
    "hold back": Shop.hold_back,
    "let go": Shop.let_go,
}
