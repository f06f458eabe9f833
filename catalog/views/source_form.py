"""The form that sets up a source: what concerns one kind only is shown for that kind (static/app.css)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import BoundField

from catalog.models import Source
from pimhub.foundation import audit, sftp

SECRETS = ("authorization", "password", "private_key", "passphrase")
KEPT = "Left empty, it stays as it is; it is never shown again."
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("What it is", "", ("code", "label", "system", "delivers", "kind", "owner", "enabled")),
    ("Where it is fetched", "https sftp", ("address",)),
    ("The SFTP server", "sftp", ("username", "password", "private_key", "passphrase", "pattern", "afterwards")),
    ("What the file says", "", ("format", "columns", "constants", "decimal_comma")),
    ("When", "", ("every_minutes", "expected_minutes")),
    ("What it is compared with", "", ("snapshot", "authorization")),
)


class PairsField(forms.CharField):
    """Pairs of texts, one a line: `sku = Item no.`"""

    def __init__(self, **given: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}), **given)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{ours} = {theirs}" for ours, theirs in value.items()) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        found: dict[str, str] = {}
        for number, line in enumerate(str(value or "").splitlines(), 1):
            if not line.strip():
                continue
            ours, sign, theirs = (part.strip() for part in line.partition("="))
            if not (ours and sign and theirs):
                raise ValidationError(f"Line {number}, “{line.strip()[:60]}”: write our field, =, and theirs.")
            if ours in found:
                raise ValidationError(f"Line {number}: “{ours}” is said twice. Leave one.")
            found[ours] = theirs
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or {}) != self.to_python(data))


class SourceForm(forms.ModelForm):  # type: ignore[type-arg] # no subscript at run time
    columns = PairsField(
        label="Columns",
        help_text="Our field = their column, one a line, such as: sku = Item no. What bears our name already needs no "
        "line. Prices: sku, price_list, price, compare_at, sale_price, sale_from, sale_to, cost, currency. Stock: sku, "
        "location, available. Items: code, family, sku, gtin, categories, name@en_US, variant.size … All may have "
        "sequence or at, so that late files change nothing.",
    )
    constants = PairsField(
        label="What no column says", help_text="One a line, such as: location = main, or price_list = default."
    )
    authorization = forms.CharField(
        required=False,
        max_length=2000,
        label="Authorization header",
        help_text=f"Such as Bearer …, where the snapshot or the address of files asks for one. {KEPT}",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        required=False,
        max_length=500,
        help_text=f"Or a private key below. {KEPT}",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    private_key = forms.CharField(
        required=False,
        max_length=20_000,
        help_text=f"The whole text, from BEGIN to END. {KEPT}",
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )
    passphrase = forms.CharField(
        required=False,
        max_length=500,
        label="Passphrase of the private key",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = Source
        fields = (
            "code",
            "label",
            "system",
            "kind",
            "delivers",
            "format",
            "address",
            "username",
            "pattern",
            "afterwards",
            "snapshot",
            "columns",
            "constants",
            "decimal_comma",
            "every_minutes",
            "expected_minutes",
            "owner",
            "enabled",
        )
        labels = {
            "label": "Name",
            "kind": "How it comes",
            "username": "Sign in as",
            "pattern": "Files",
            "afterwards": "A file that was taken is",
            "decimal_comma": "Numbers have a decimal comma (1.234,50)",
            "snapshot": "Address of a snapshot",
            "every_minutes": "Look every … minutes",
            "expected_minutes": "Late after … minutes of silence",
            "enabled": "Switched on",
        }
        help_texts = {
            "code": "Lower-case letters, digits and underscores; it names the folder and the address of calls.",
            "system": "One of Other systems, under Structure. What that system owns, the source may write.",
            "address": "https://erp.example/stock.csv, or for SFTP a folder: sftp://files.erp.example/outgoing. One "
            "begins where the name arrives; sftp://files.erp.example//srv/out is the server's own path.",
            "pattern": "Names that are taken, such as stock-*.csv. Hidden and unfinished ones (.part, .tmp) never are.",
            "snapshot": "Where all of its figures can be had, to compare them with ours each night. Without one, the "
            "source cannot be reconciled.",
            "owner": "Is told when it falls silent or rejects too much.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["code"].disabled = True
        self.fields["pattern"].required = self.fields["afterwards"].required = False

    def groups(self) -> Iterator[tuple[str, str, list[BoundField]]]:
        """Title, the kinds that it is for ("": all), and the fields."""
        for title, kinds, names in GROUPS:
            yield title, kinds, [self[name] for name in names]

    def clean_pattern(self) -> str:
        return str(self.cleaned_data["pattern"] or "*").strip()

    def clean_afterwards(self) -> str:
        return str(self.cleaned_data["afterwards"] or Source.Afterwards.ARCHIVE)

    def clean_private_key(self) -> str:
        text = str(self.cleaned_data["private_key"] or "")
        if text:
            try:
                sftp.read_private_key(text, self.data.get("passphrase", ""))
            except sftp.Trouble as error:
                raise ValidationError(str(error)) from error
        return text

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        held = self.instance.credentials
        given = [found.get(name) for name in ("password", "private_key")] + [held.get("password")]
        if found.get("kind") == Source.Kind.SFTP and not any(given) and not held.get("private_key"):
            self.add_error("password", "Enter a password, or a private key below.")
        return found

    def keep(self) -> Source:
        """Save what was entered; what workers note of the source meanwhile is left to them."""
        with transaction.atomic():
            source: Source = self.save(commit=False)
            given = {name: self.cleaned_data[name] for name in SECRETS if self.cleaned_data.get(name)}
            if "private_key" in given:
                source.credentials = {k: v for k, v in source.credentials.items() if k not in SECRETS} | given
            elif given:
                dropped = ("private_key", "passphrase") if "password" in given else ()
                source.credentials = {k: v for k, v in source.credentials.items() if k not in dropped} | given
            if "address" in self.changed_data:
                source.host_key = source.shown_key = source.etag = ""
                source.marks = {}
            names = [*self.Meta.fields, "credentials_encrypted", "host_key", "shown_key", "etag", "marks"]
            moved = source.pk is None or "address" in self.changed_data
            source.save(update_fields=None if source.pk is None else names if moved else names[:-4])
            audit.record("source.saved", f"source:{source.code}", fields=sorted(self.changed_data))
        return source
