"""Changes as JSON: what the API takes a line each, and what plans keep.

    {"code", "family", "values", "reset", "base", "axes", "categories", "variants": [{"sku", "gtin", …}], …}

Only the form is read here: whether a family exists or a value fits is the write door's to say.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from catalog.products.changes import (
    UNSET,
    AssociationChange,
    ChangeError,
    MediaChange,
    OfferChange,
    ProductChange,
    VariantChange,
)
from pimhub.foundation import moments
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import written_out

MAX_LINE = 1_000_000  # characters of one product
# NUL, and halves of characters that are not a pair: no database keeps them.
_UNSEEN = re.compile(
    r"\x00|\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]"
)


class BadForm(ValueError):
    """The JSON does not have the form of a change. `errors` names each place."""

    def __init__(self, errors: list[ChangeError]) -> None:
        super().__init__("; ".join(f"{e.key}: {e.message}" for e in errors))
        self.errors = errors


def load_json(text: str | bytes) -> JSON:
    """JSON with exact decimals (no float is ever made). Raises BadForm, also for a key given twice."""
    try:
        text = text.decode() if isinstance(text, bytes) else text
        if _UNSEEN.search(text):
            _refuse("", "bad_character", "This holds a NUL or half of a character. Remove it.")
        return json.loads(
            text, parse_float=_exact, parse_int=_whole, parse_constant=_no_constant, object_pairs_hook=_object
        )
    except UnicodeDecodeError as error:
        _refuse("", "not_utf8", f"This is not UTF-8 (byte {error.start}). Send UTF-8.")
    except json.JSONDecodeError as error:
        _refuse("", "not_json", f"This is not JSON: {error.msg} at character {error.pos + 1}.")
    except RecursionError:
        _refuse("", "too_deep", "This is nested too deeply.")


def _whole(text: str) -> int:
    if len(text) > 40:
        _refuse("", "not_json", f"The number {text[:20]}… has {len(text)} digits. Send it as text.")
    return int(text)


def _exact(text: str) -> Decimal:
    try:
        return written_out(text)
    except InvalidOperation:
        _refuse("", "not_json", f"The number {text[:20]} has too many digits. Nothing here is as large, or as small.")


def _no_constant(name: str) -> NoReturn:
    _refuse("", "not_json", f"{name} is no JSON. Send null or a number.")


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        _refuse(twice, "key_twice", f"“{twice}” is given twice in one object. Leave one.")
    return found


def _refuse(key: str, code: str, message: str) -> NoReturn:
    raise BadForm([ChangeError(key=key, code=code, message=message)])


# ---- reading ----


@dataclass(slots=True)
class _Form:
    """Reads one object, collecting what is wrong with it under `path`."""

    given: Mapping[str, JSON]
    path: str
    errors: list[ChangeError]

    def fail(self, name: str, message: str, code: str = "bad_form") -> None:
        where = f"{self.path}.{name}" if self.path and name else self.path or name
        self.errors.append(ChangeError(key=where, code=code, message=message))

    def only(self, known: frozenset[str]) -> None:
        for name in self.given.keys() - known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean “{near[0]}”?" if near else f"Known: {', '.join(sorted(known))}."
            self.fail(name, f"There is no “{name}” here. {hint}", "unknown_field")

    def text(self, name: str, default: str = "") -> str:
        value = self.given.get(name, default)
        if isinstance(value, str):
            return value
        self.fail(name, f"{_shown(value)} is not text. Send it in quotes.")
        return default

    def flag(self, name: str) -> bool | None:
        value = self.given.get(name)
        if value is None or isinstance(value, bool):
            return value
        self.fail(name, f"{_shown(value)} is neither true nor false.")
        return None

    def number(self, name: str) -> int | None:
        value = self.given.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self.fail(name, f"{_shown(value)} is not a whole number.")
        return None

    def codes(self, name: str) -> tuple[str, ...] | None:
        value = self.given.get(name)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            return tuple(value)
        self.fail(name, f"{_shown(value)} is not a list of texts.")
        return None

    def mapping(self, name: str, each: str = "") -> dict[str, JSON]:
        value = self.given.get(name)
        if value is None:
            return {}
        if isinstance(value, dict) and (not each or all(_is(v, each) for v in value.values())):
            return value
        self.fail(name, f"{_shown(value)} is not an object{f' of {each}s' if each else ''}.")
        return {}

    def inner(self, name: str, read: Callable[[_Form], Any]) -> dict[str, Any]:
        """{code: object}, each read by `read`."""
        found = {}
        for code, value in self.mapping(name).items():
            if isinstance(value, dict):
                found[code] = read(_Form(value, f"{self.path}.{name}.{code}".lstrip("."), self.errors))
            else:
                self.fail(f"{name}.{code}", f"{_shown(value)} is not an object.")
        return found

    def items(self, name: str, value: JSON, read: Callable[[_Form], Any]) -> tuple[Any, ...]:
        """A list of objects, each read by `read`."""
        if not isinstance(value, list):
            self.fail(name, f"{_shown(value)} is not a list.")
            return ()
        found = []
        for i, item in enumerate(value):
            place = f"{self.path}.{name}[{i}]".lstrip(".")
            if isinstance(item, dict):
                found.append(read(_Form(item, place, self.errors)))
            else:
                self.errors.append(ChangeError(place, "bad_form", f"{_shown(item)} is not an object."))
        return tuple(found)


def _is(value: JSON, kind: str) -> bool:
    return value is None or isinstance(value, {"list": list, "object": dict, "text": str}[kind])


def _shown(value: JSON) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"


PRODUCT_FIELDS = frozenset(
    {
        *("code", "key", "family", "values", "reset", "base", "axes", "categories", "variants", "media"),
        *("add_values", "remove_values", "add_categories", "remove_categories"),
        *("associations", "add_associations", "remove_associations", "references", "trashed", "force", "version"),
    }
)
VARIANT_FIELDS = frozenset(
    {
        *("sku", "gtin", "values", "reset", "offers", "stock", "add_values", "remove_values"),
        *("associations", "references", "trashed"),
    }
)
OFFER_FIELDS = frozenset(f.name for f in fields(OfferChange)) - {"confirmed"}


def read_product(given: JSON, *, code: str = "") -> ProductChange:
    """The change that a JSON object spells; `code` where the address names the product. Raises BadForm."""
    errors: list[ChangeError] = []
    if not isinstance(given, dict):
        raise BadForm([ChangeError("", "bad_form", f"{_shown(given)} is not an object.")])
    form = _Form(given, "", errors)
    form.only(PRODUCT_FIELDS)
    named = form.text("code", code)
    if code and named != code:
        form.fail("code", f"The address names {code}, the body {named}. Codes do not change.", "code_differs")
    change = ProductChange(
        code=named,
        key=_key(form),
        family=form.text("family"),
        values=form.mapping("values"),
        reset=form.codes("reset") or (),
        base=form.mapping("base"),
        axes=form.codes("axes"),
        categories=form.codes("categories"),
        variants=form.items("variants", given.get("variants") or [], _variant),
        media=form.items("media", given["media"], _medium) if given.get("media") is not None else None,
        add_values=form.mapping("add_values", "list"),
        remove_values=form.mapping("remove_values", "list"),
        add_categories=form.codes("add_categories") or (),
        remove_categories=form.codes("remove_categories") or (),
        associations=_associations(form, "associations"),
        add_associations=_associations(form, "add_associations"),
        remove_associations=_associations(form, "remove_associations"),
        references=form.mapping("references", "text"),
        trashed=form.flag("trashed"),
        force=form.flag("force") is True,
        version=form.number("version"),
    )
    if not change.code and not change.key and not change.family:
        form.fail("code", "A product needs a code, a key of another system, or a family that makes codes.")
    twice = _repeated(v.sku for v in change.variants if v.sku)
    if twice:
        form.fail("variants", f"The SKU {twice} is given twice. Leave one.", "sku_twice")
    if errors:
        raise BadForm(errors)
    return change


def _repeated(codes: Iterator[str] | Any) -> str:
    seen: set[str] = set()
    for code in codes:
        if code.casefold() in seen:
            return str(code)
        seen.add(code.casefold())
    return ""


def _key(form: _Form) -> tuple[str, str] | None:
    given = form.mapping("key", "text")
    if not given:
        return None
    if len(given) == 1:
        ((system, code),) = given.items()
        if code:
            return system, code
    form.fail("key", 'Name one system and its code: {"erp": "4711"}.')
    return None


def _variant(form: _Form) -> VariantChange:
    form.only(VARIANT_FIELDS)
    gtin = form.given.get("gtin", UNSET)
    if gtin is not UNSET and gtin is not None and not isinstance(gtin, str):
        form.fail("gtin", f"{_shown(gtin)} is not text. A GTIN may begin with 0: send it in quotes.")
        gtin = UNSET
    stock = form.mapping("stock")
    for place, amount in stock.items():
        if isinstance(amount, bool) or not isinstance(amount, int) or abs(amount) >= 2**31:
            form.fail(f"stock.{place}", f"{_shown(amount)} is not a whole number of units.")
    return VariantChange(
        sku=form.text("sku"),
        gtin=gtin,
        values=form.mapping("values"),
        reset=form.codes("reset") or (),
        offers=form.inner("offers", read_offer),
        stock=stock,
        add_values=form.mapping("add_values", "list"),
        remove_values=form.mapping("remove_values", "list"),
        associations=_associations(form, "associations"),
        references=form.mapping("references", "text"),
        trashed=form.flag("trashed"),
    )


def read_offer(form: _Form) -> OfferChange:
    form.only(OFFER_FIELDS)
    given: dict[str, Any] = {}
    for name in ("price", "compare_at", "sale_price", "cost"):
        if name in form.given:
            given[name] = _amount(form, name)
    for name in ("sale_from", "sale_to"):
        if name in form.given:
            given[name] = _moment(form, name)
    if "tax_class" in form.given:
        given["tax_class"] = form.text("tax_class")
        if len(given["tax_class"]) > 50:
            form.fail("tax_class", "A tax class has at most 50 characters. Shorten it.")
    return OfferChange(**given)


def read_offer_fields(given: Mapping[str, JSON]) -> OfferChange:
    """The offer that an object spells. Raises BadForm."""
    errors: list[ChangeError] = []
    offer = read_offer(_Form(given, "", errors))
    if errors:
        raise BadForm(errors)
    return offer


def _amount(form: _Form, name: str) -> Decimal | None:
    value = form.given[name]
    if value is None:
        return None
    try:
        if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
            amount = written_out(str(value))
            if amount.is_finite():
                return amount
    except InvalidOperation:
        pass  # told below
    form.fail(name, f'{_shown(value)} is no amount. Send it as text, such as "12.99".')
    return None


def _moment(form: _Form, name: str) -> dt.datetime | None:
    value = form.given[name]
    if value is None:
        return None
    moment = moments.exact(value)
    if moment is None:
        form.fail(name, f"{_shown(value)} is no moment. Send it with its offset: 2026-11-27T06:00:00+01:00.")
        return None
    return moment


def _medium(form: _Form) -> MediaChange:
    form.only(frozenset({"url", "sha256", "alt", "sku"}))
    url, sha256 = form.text("url"), form.text("sha256")
    if bool(url) == bool(sha256):
        form.fail("", "Name a picture by its url or by its sha256, not by both.")
    if url and (len(url) > 2000 or not url.startswith(("http://", "https://"))):
        form.fail("url", f"{_shown(url)} is no web address of at most 2,000 characters.")
    return MediaChange(url=url, sha256=sha256, alt=form.mapping("alt", "text"), sku=form.text("sku"))


def _associations(form: _Form, name: str) -> dict[str, tuple[AssociationChange, ...]]:
    found = {}
    for kind, targets in form.mapping(name, "list").items():
        found[kind] = form.items(f"{name}.{kind}", targets or [], _target)
    return found


def _target(form: _Form) -> AssociationChange:
    form.only(frozenset({"product", "sku", "quantity"}))
    quantity = _amount(form, "quantity") if form.given.get("quantity") is not None else None
    return AssociationChange(product=form.text("product"), sku=form.text("sku"), quantity=quantity)
