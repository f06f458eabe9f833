"""Load a folder of Akeneo CSV exports through the API alone, and say of every value whether it landed, and if not, why.

    python docs/examples/load_akeneo.py FOLDER http://localhost:8000 pim_…

The folder holds attributes.csv, families.csv, products.csv and so on, as Akeneo writes them. Needs nothing but
Python. Run it again after corrections: what is there already stays as it is.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import urllib.error
import urllib.request
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

# (method, path below /api/v1/, body, content type) → (status, body)
Send = Callable[[str, str, bytes, str], tuple[int, bytes]]
Row = dict[str, str]

TYPES = {
    "pim_catalog_text": "text",
    "pim_catalog_textarea": "textarea",
    "pim_catalog_number": "integer",
    "pim_catalog_boolean": "boolean",
    "pim_catalog_metric": "measurement",
    "pim_catalog_simpleselect": "select",
    "pim_catalog_multiselect": "multi_select",
    "pim_catalog_image": "media",
    "pim_catalog_file": "media",
    "pim_catalog_date": "date",
    "pim_catalog_price_collection": "price",
}
UNIT_FAMILIES = {"Length": "length", "Weight": "mass"}
UNITS = {"GRAM": "g", "KILOGRAM": "kg", "INCH": "in", "MILLIMETER": "mm", "CENTIMETER": "cm", "METER": "m"}
OWN = {"sku", "categories", "enabled", "family", "parent", "groups", "code", "family_variant"}
LINES = 2000  # of one bulk call


class Loader:
    """Reads the folder, sends it, keeps count. `refused` says why values are not there."""

    def __init__(self, folder: Path, send: Send) -> None:
        self.folder = folder
        self.raw_send = send
        self.rows: Counter[str] = Counter()
        self.given = 0
        self.landed = 0
        self.repeated = 0  # cells of variants that repeat what their model says: they inherit it
        self.refused: Counter[str] = Counter()
        self.messages: list[str] = []
        self.attributes = {r["code"]: r for r in self.read("attributes")}
        self.media: dict[str, str] = {}

    # ---- plumbing ----

    def read(self, name: str, delimiter: str = ";") -> list[Row]:
        path = self.folder / f"{name}.csv"
        if not path.exists():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file, delimiter=delimiter))

    def bulk(self, path: str, lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Upsert lines; a result for each."""
        given, results = list(lines), []
        for start in range(0, len(given), LINES):
            body = b"\n".join(json.dumps(line).encode() for line in given[start : start + LINES])
            status, answer = self.raw_send("PATCH", path, body, "application/x-ndjson")
            if status != 200:
                raise RuntimeError(f"{path}: {status} {answer.decode()[:500]}")
            results += [json.loads(line) for line in answer.splitlines()]
        for result in results:
            self.rows[f"{path.split('?')[0]} {result['result']}"] += 1
            if result["result"] == "rejected":
                self.messages.append(f"{path} {result['code']}: {'; '.join(e['message'] for e in result['errors'])}")
        return results

    def refuse(self, count: int, why: str) -> None:
        if count:
            self.refused[why] += count

    # ---- configuration ----

    def configure(self) -> None:
        self.bulk("locales/", ({"code": r["code"], "name": r["code"]} for r in self.read("locales") if _on(r)))
        self.bulk("currencies/", ({"code": r["code"]} for r in self.read("currencies") if _on(r)))
        self.bulk("categories/", (_category(r) for r in self.read("categories")))
        self.bulk("scopes/", (_scope(r) for r in self.read("channels")))
        self.bulk("attribute-groups/", (_group(r) for r in self.read("attribute_groups")))
        self.bulk("attributes/", (_attribute(r) for r in self.attributes.values() if r["type"] in TYPES))
        options = defaultdict(list)
        for row in self.read("attribute_options"):
            options[row["attribute"]].append(_option(row))
        for attribute, found in options.items():
            self.bulk(f"attributes/{attribute}/options/", found)
        self.bulk("association-types/", (_association_type(r) for r in self.read("association_types")))
        self.bulk("families/", self._families())

    def _families(self) -> Iterator[dict[str, Any]]:
        variants: dict[str, set[str]] = defaultdict(set)
        for row in self.read("family_variants"):
            for column in ("variant-attributes_1", "variant-attributes_2", "variant-axes_1", "variant-axes_2"):
                variants[row["family"]].update(_codes(row[column]))
        for row in self.read("families"):
            required = {c[13:]: set(_codes(row[c])) for c in row if c.startswith("requirements-")}
            yield {
                "code": row["code"],
                "labels": _labels(row),
                "attributes": [
                    {
                        "attribute": code,
                        "on_variant": code in variants[row["code"]],
                        "required_for": sorted(scope for scope, codes in required.items() if code in codes),
                    }
                    for code in _codes(row["attributes"])
                    if code in self.attributes and self.attributes[code]["type"] in TYPES
                ],
                "label_attribute": row["attribute_as_label"] or None,
                "image_attribute": row["attribute_as_image"] or None,
            }

    # ---- pictures ----

    def upload(self) -> None:
        """Send every file that is here; `media_manifest.csv` says under which names it is known."""
        for row in self.read("media_manifest", ","):
            path = self.folder / row["kept_as"] if row["kept_as"] else None
            if path is None or not path.is_file() or row["upstream_path"] in self.media:
                continue
            self.media[row["upstream_path"]] = self._upload(path)

    def _upload(self, path: Path) -> str:
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
        body = head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        status, answer = self.raw_send("POST", "media/", body, f"multipart/form-data; boundary={boundary}")
        found = json.loads(answer)
        self.rows[f"media/ {status}"] += 1
        return f"sha256:{found['sha256']}" if status == 201 else ""

    # ---- products ----

    def load(self) -> None:
        models = {r["code"]: r for r in self.read("product_models")}
        axes = {
            r["code"]: _codes(r["variant-axes_1"]) + _codes(r["variant-axes_2"]) for r in self.read("family_variants")
        }
        kinds = {r["code"]: r["family"] for r in self.read("family_variants")}
        lines: dict[str, dict[str, Any]] = {}
        for code, row in models.items():
            if not row["parent"]:
                lines[code] = {
                    "code": code,
                    "family": kinds[row["family_variant"]],
                    "axes": axes[row["family_variant"]],
                    "categories": _codes(row["categories"]),
                    "values": self.values(row),
                    "variants": [],
                }
        between = {code: self.values(row) for code, row in models.items() if row["parent"]}
        below: Counter[str] = Counter()
        for row in self.read("products"):
            values = self.values(row)
            gtin = values.pop("ean", None)
            variant: dict[str, Any] = {"sku": row["sku"], "values": values} | ({"gtin": gtin} if gtin else {})
            parent = models.get(row["parent"])
            if not row["parent"]:
                # A product of its own: what it says stands on the product, its one variant has the code and GTIN.
                variant["values"] = {}
                lines[row["sku"]] = {
                    "code": row["sku"],
                    "family": row["family"],
                    "categories": _codes(row["categories"]),
                    "values": values,
                    "variants": [variant],
                }
            elif parent is None:
                self.refuse(len(values) + bool(gtin), "its parent does not exist")
                self.messages.append(f"product {row['sku']}: there is no model “{row['parent']}”")
            else:
                line = lines[parent["parent"] or row["parent"]]
                between_values = between.get(row["parent"], {}).items()
                level = {key: value for key, value in between_values if line["values"].get(key) != value}
                below[row["parent"]] += 1
                for key in [key for key in values if key in line["values"] and line["values"][key] == values[key]]:
                    del values[key]
                    self.repeated += 1
                for key, value in level.items():  # values of the level between go down to every variant
                    self.given += key not in values
                    values.setdefault(key, value)
                line["variants"].append(variant)
        for code, values in between.items():
            if below[code]:
                self.repeated += len(values)
            else:
                self.refuse(len(values), "no product is below the model")
        for code in [code for code, line in lines.items() if not line["variants"]]:
            self.refuse(len(lines.pop(code)["values"]), "no product is below the model")
        self._send(list(lines.values()))
        self._associate()

    def values(self, row: Row) -> dict[str, Any]:
        """The cells of a row as values under their keys; counts them."""
        found: dict[str, Any] = {}
        for column, cell in row.items():
            name, *more = column.split("-")
            if not cell or name in OWN or more in (["unit"], ["products"]):
                continue
            if more == ["groups"]:
                self.given += len(_codes(cell))
                self.refuse(len(_codes(cell)), "associations with groups are not spoken")
                continue
            self.given += 1
            attribute = self.attributes.get(name)
            if attribute is None:
                self.refuse(1, "there is no such attribute")
                continue
            self._put(found, attribute, more, cell, row)
        return found

    def _put(self, found: dict[str, Any], attribute: Row, more: list[str], cell: str, row: Row) -> None:
        code, kind = attribute["code"], attribute["type"]
        key = code
        if kind == "pim_catalog_price_collection":
            found.setdefault(key, {})[more[0]] = cell
            self.given -= len(found[key]) > 1  # one value, however many currencies
            return
        for part in more:
            key += f"@{part}" if re.fullmatch(r"[a-z]{2}_[A-Z]{2}", part) else f"#{part}"
        if kind == "pim_catalog_metric":
            found[key] = {"amount": cell, "unit": UNITS.get(row[f"{code}-unit"], row[f"{code}-unit"])}
        elif kind == "pim_catalog_multiselect":
            found[key] = _codes(cell)
        elif kind == "pim_catalog_boolean":
            found[key] = cell == "1"
        elif kind == "pim_catalog_number":
            found[key] = json.loads(cell)
        elif kind in ("pim_catalog_image", "pim_catalog_file"):
            if not self.media.get(cell):
                self.refuse(1, "its file is not in the folder")
            else:
                found[key] = [self.media[cell]]
        else:
            found[key] = cell

    def _send(self, lines: list[dict[str, Any]]) -> None:
        results = self.bulk("products/?on_error=reject_values", lines)
        for line, result in zip(lines, results, strict=True):
            count = len(line["values"]) + sum(len(v["values"]) + ("gtin" in v) for v in line["variants"])
            if result["status"] >= 400:
                self.refuse(count, f"product refused: {result['errors'][0]['code']}")
                continue
            for error in result["errors"]:
                self.refuse(1, f"value refused: {error['code']}")
                self.messages.append(f"{line['code']} {error.get('sku', '')} {error['key']}: {error['message']}")
            self.landed += count - len(result["errors"])

    def _associate(self) -> None:
        lines: list[dict[str, Any]] = []
        for row in self.read("products"):
            found = {
                column.removesuffix("-products").lower(): [{"sku": sku} for sku in _codes(cell)]
                for column, cell in row.items()
                if column.endswith("-products") and cell
            }
            if found:
                lines.append({"code": row["parent"] or row["sku"], "add_associations": found})
                self.given += sum(len(targets) for targets in found.values())
        for line, result in zip(lines, self.bulk("products/?on_error=reject_rows", lines), strict=True):
            count = sum(len(targets) for targets in line["add_associations"].values())
            if result["status"] >= 400:
                self.refuse(count, f"association refused: {result['errors'][0]['code']}")
            else:
                self.landed += count

    def report(self) -> str:
        refused = sum(self.refused.values())
        lines = [f"{what}: {count}" for what, count in sorted(self.rows.items())]
        told = f"landed {self.landed}, inherited {self.repeated}, refused {refused}"
        lines += [f"values given {self.given}: {told}"]
        lines += [f"  {count} × {why}" for why, count in self.refused.most_common()]
        if lost := self.given - self.landed - self.repeated - refused:
            lines.append(f"  {lost} are not accounted for")
        return "\n".join(lines)


def _on(row: Row) -> bool:
    return row.get("activated", "1") == "1"


def _codes(cell: str) -> list[str]:
    return [code for code in cell.split(",") if code]


def _labels(row: Row) -> dict[str, str]:
    return {column[6:]: cell for column, cell in row.items() if column.startswith("label-") and cell}


def _category(row: Row) -> dict[str, Any]:
    return {"code": row["code"], "parent": row["parent"] or None, "labels": _labels(row)}


def _scope(row: Row) -> dict[str, Any]:
    return {
        "code": row["code"],
        "label": row["label-en_US"],
        "locales": _codes(row["locales"]),
        "currencies": _codes(row["currencies"]),
        "category_tree": row["tree"] or None,
    }


def _group(row: Row) -> dict[str, Any]:
    return {"code": row["code"], "label": row["label-en_US"], "position": int(row["sort_order"])}


def _attribute(row: Row) -> dict[str, Any]:
    kind = TYPES[row["type"]]
    limits: dict[str, Any] = {}
    if row["max_characters"]:
        limits["max_length"] = int(row["max_characters"])
    if row["type"] == "pim_catalog_number" and row["decimals_allowed"] == "1":
        kind = "decimal"
    if row["metric_family"]:
        limits = {"unit_family": UNIT_FAMILIES[row["metric_family"]], "default_unit": UNITS[row["default_metric_unit"]]}
    if row["wysiwyg_enabled"] == "1":
        kind = "rich_text"
    return {
        "code": row["code"],
        "type": kind,
        "group": row["group"],
        "labels": _labels(row),
        "position": int(row["sort_order"]),
        "limits": limits,
        "localizable": row["localizable"] == "1",
        "scopable": row["scopable"] == "1",
        "unique": row["unique"] == "1",
        "filterable": row["useable_as_grid_filter"] == "1",
    }


def _option(row: Row) -> dict[str, Any]:
    return {"code": row["code"], "labels": _labels(row), "position": int(row["sort_order"] or 0)}


def _association_type(row: Row) -> dict[str, Any]:
    return {"code": row["code"].lower(), "labels": _labels(row)}


def load(folder: Path, send: Send) -> Loader:
    loader = Loader(folder, send)
    loader.configure()
    loader.upload()
    loader.load()
    return loader


def over_http(base: str, token: str) -> Send:
    def send(method: str, path: str, body: bytes, kind: str) -> tuple[int, bytes]:
        request = urllib.request.Request(  # noqa: S310 # the address is the caller's own
            f"{base.rstrip('/')}/api/v1/{path}",
            data=body,
            method=method,
            headers={"Authorization": f"Bearer {token}", "Content-Type": kind},
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    return send


if __name__ == "__main__":
    done = load(Path(sys.argv[1]), over_http(sys.argv[2], sys.argv[3]))
    print("\n".join(done.messages))
    print(done.report())
