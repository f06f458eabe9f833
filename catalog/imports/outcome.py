"""What became of each line: exactly one bucket, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.imports.doubts import doubtful
from catalog.imports.formats.base import ParsedProduct
from catalog.imports.problems import RowError
from catalog.models.codes import code_key
from catalog.products.changes import ChangeError
from catalog.products.write import WriteResult
from pimhub.foundation.jsonvalue import JSON


@dataclass(slots=True)
class LineOutcome:
    line: int
    bucket: str  # ImportLine.Bucket
    role: str
    product: str = ""
    sku: str = ""
    changes: dict[str, JSON] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)
    warnings: list[RowError] = field(default_factory=list)


def outcomes(product: ParsedProduct, result: WriteResult | None) -> Iterator[LineOutcome]:
    """One outcome per input line of the product, in order. `result` is None when nothing was to be written."""
    skus = {line: sku for sku, line in product.line_of_sku.items()}
    # The catalogue may spell a SKU in another case than the file.
    stored_skus = {code_key(s): s for s in result.changes} if result else {}
    refused = _door_errors(product, result) if result else {}
    first = min((n for n, role in product.lines.items() if role != "blank"), default=0)
    warnings = [*product.warnings, *doubtful(product)]
    for line, role in sorted(product.lines.items()):
        sku = skus.get(line, "")
        known = result.known_as.get(code_key(sku), sku) if result else sku
        stored = stored_skus.get(code_key(known), known)
        outcome = LineOutcome(line=line, bucket="merged", role=role, product=product.change.code, sku=sku)
        outcome.errors = [e for e in product.errors if e.line == line] + refused.get(line, [])
        outcome.warnings = [w for w in warnings if w.line == line]
        if result and (sku or line == first):
            outcome.changes = dict(result.changes.get(stored, {})) if sku else {}
            if line == first:
                outcome.changes = {**result.changes.get("", {}), **outcome.changes}
            outcome.warnings += [
                RowError(
                    line,
                    _price_column(product, sku),
                    "",
                    "price_held",
                    f"{reason} It waits for a second person to confirm it.",
                )
                for held_sku, _, reason in result.held
                if code_key(held_sku) == code_key(sku)
            ]
        outcome.bucket = _bucket(product, result, outcome, first)
        if outcome.bucket == "rejected" and not outcome.errors:
            outcome.errors = [
                RowError(
                    line,
                    "",
                    "",
                    "product_rejected",
                    f"The product “{product.change.code}” was rejected because of its other rows; mend those.",
                )
            ]
        yield outcome


def _price_column(product: ParsedProduct, sku: str) -> str:
    """As the file calls it."""
    cells = (cell.column for (of, key), cell in product.cells.items() if of == sku and key.startswith("offers."))
    return next(cells, "")


def _bucket(product: ParsedProduct, result: WriteResult | None, outcome: LineOutcome, first: int) -> str:
    line, role = outcome.line, outcome.role
    if role == "blank" and not outcome.errors:
        return "merged"
    if line in product.rejected_lines or result is None or result.status == "rejected":
        return "rejected"
    if outcome.sku and code_key(outcome.sku) in result.rejected_skus:
        return "rejected"
    if role != "variant" and line != first:
        return "merged"
    if result.status == "created" or outcome.sku in result.new_skus:
        return "created"
    return "updated" if outcome.changes or any(w.code == "price_held" for w in outcome.warnings) else "unchanged"


def _door_errors(product: ParsedProduct, result: WriteResult) -> dict[int, list[RowError]]:
    """The door's errors at the cells they come from."""
    first = min((n for n, role in product.lines.items() if role != "blank"), default=0)
    lines = {code_key(sku): line for sku, line in product.line_of_sku.items()}
    cells = {(code_key(sku), key): cell for (sku, key), cell in product.cells.items()}
    found: dict[int, list[RowError]] = {}
    for error in result.errors:
        cell = cells.get((code_key(error.sku), error.key)) or cells.get(("", error.key))
        line = lines.get(code_key(error.sku)) or (cell.line if cell else first)
        found.setdefault(line, []).append(
            _row_error(error, line, cell.column if cell else "", cell.text if cell else "")
        )
    return found


def _row_error(error: ChangeError, line: int, column: str, text: str) -> RowError:
    return RowError(line=line, column=column, value=text or error.value, code=error.code, message=error.message)
