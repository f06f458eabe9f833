"""The pictures, videos and 3D models of a product: upload, add by address, order, describe, take out."""

from __future__ import annotations

import orjson
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.access.reach import seen
from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types import type_of
from catalog.media import ingest
from catalog.media.beyond import MOST_BYTES, is_picture
from catalog.media.inspect import MediaRefused
from catalog.media.renditions import WIDTHS
from catalog.models import MediaAsset, MediaLink, Product
from catalog.models.codes import code_key
from catalog.permissions import requires
from catalog.products.changes import MediaChange, ProductChange
from catalog.products.write import write_product
from pimhub.foundation.jsonvalue import JSON

ADDRESS = AttributeSpec(code="media", type="url", label="Address", limits={"max_length": 2000})


def picture(link: MediaLink, *, width: int = WIDTHS[0]) -> str:
    """Where a browser finds the picture here; empty before it was fetched, and of a video or model.

    Never its address elsewhere: opening a page must not tell a stranger's server who looks at which product.
    """
    return thumbnail(link.asset.sha256, link.asset.extension, width=width)


def thumbnail(sha256: str, extension: str, *, width: int = WIDTHS[0]) -> str:
    if not sha256 or not is_picture(extension):
        return ""
    return reverse("media_thumbnail", kwargs={"width": width, "name": _name(sha256, extension)})


def original(asset: MediaAsset) -> str:
    """Where the file itself is found here; empty before it was fetched."""
    return reverse("media_file", kwargs={"name": _name(asset.sha256, asset.extension)}) if asset.sha256 else ""


def _name(sha256: str, extension: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}{extension}"


def _kind(asset: MediaAsset) -> str:
    """ "video" or "3D model", of what is no picture."""
    return {"video": "video", "model": "3D model"}.get(asset.mime.partition("/")[0], "")


def links_of(product: Product) -> list[MediaLink]:
    return list(product.media_links.select_related("asset", "variant"))


def shown(product: Product, locale: str) -> dict[str, JSON]:
    """What the page needs: `items` in order, and `seen`, by which a change meanwhile is noticed."""
    links = links_of(product)
    return {
        "items": [
            {
                "id": link.pk,
                "asset": link.asset,
                "url": picture(link),
                "full": link.asset.source_url or picture(link, width=WIDTHS[-1]) or original(link.asset),
                "kind": _kind(link.asset),
                "alt": link.alt.get(locale, ""),
                "position": place,
                "sku": link.variant.sku if link.variant else "",
                "failed": link.asset.state == MediaAsset.State.FAILED,
                "waiting": link.asset.state == MediaAsset.State.EXTERNAL,
            }
            for place, link in enumerate(links, 1)
        ],
        "seen": _seen(links),
    }


@require_POST
@requires("catalog.change_product")
def product_pictures(request: HttpRequest, code: str) -> HttpResponse:
    """Carry out the form below a product's pictures, all of it or nothing but the files and addresses refused."""
    product = get_object_or_404(seen(Product.objects.all()), code_key=code_key(code))
    locale = request.POST.get("locale", "en_US")
    back = f"{reverse('product_detail', kwargs={'code': product.code})}?locale={locale}#pictures"
    if again := request.POST.get("again", ""):
        ingest.retry(MediaAsset.objects.filter(links__product=product, pk=again if again.isdigit() else 0))
        messages.success(request, "The picture is fetched once more.")
        return redirect(back)
    added = [*_uploads(request), *_addresses(request)]
    links = links_of(product)
    if request.POST.get("seen") != _seen(links):
        messages.error(
            request,
            "Somebody changed the pictures meanwhile; here is how they are now. Nothing of yours was saved: "
            "please make your change again.",
        )
        return redirect(back)
    wanted = (*_kept(request, links, locale), *added)
    result = write_product(ProductChange(code=product.code, media=wanted))
    if result.status == "rejected":
        messages.error(request, " ".join(e.message for e in result.errors))
    elif result.status == "updated":
        messages.success(request, f"Saved: the product has {len(wanted)} pictures.")
    return redirect(back)


def _seen(links: list[MediaLink]) -> str:
    return orjson.dumps([[x.pk, x.asset_id, x.position, x.alt] for x in links]).decode()


def _kept(request: HttpRequest, links: list[MediaLink], locale: str) -> list[MediaChange]:
    """The pictures that stay, in the order asked for, with their texts in `locale` as typed."""
    kept = []
    for place, link in enumerate(links, 1):
        if request.POST.get(f"remove:{link.pk}"):
            continue
        typed = request.POST.get(f"position:{link.pk}", "")
        wanted = int(typed) if typed.isdecimal() and len(typed) < 6 else place
        alt = link.alt | {locale: request.POST.get(f"alt:{link.pk}", link.alt.get(locale, "")).strip()}
        # Moved forward, a picture goes before the one that has the number now; moved back, behind it.
        rank = (wanted, 0 if wanted < place else 2 if wanted > place else 1, place)
        asset = link.asset
        change = MediaChange(
            url=asset.source_url,
            sha256="" if asset.source_url else asset.sha256,
            alt=alt,
            sku=request.POST.get(f"sku:{link.pk}", link.variant.sku if link.variant else ""),
        )
        kept.append((rank, change))
    return [change for _, change in sorted(kept, key=lambda pair: pair[0])]


def _uploads(request: HttpRequest) -> list[MediaChange]:
    files = request.FILES.getlist("files")
    if files and not request.user.has_perm("catalog.upload_media"):
        raise PermissionDenied
    added = []
    for file in files:
        try:
            if file.size is not None and file.size > MOST_BYTES:
                raise MediaRefused(
                    "too_large", f"It has {file.size // 2**20} MB; at most {MOST_BYTES // 2**20} are taken."
                )
            added.append(MediaChange(sha256=ingest.upload(file.read()).sha256))
        except MediaRefused as refusal:
            messages.error(request, f"“{file.name}” was not taken. {refusal.message}")
    return added


def _addresses(request: HttpRequest) -> list[MediaChange]:
    added = []
    for line in request.POST.get("addresses", "").splitlines():
        if not line.strip():
            continue
        try:
            kind = type_of("url")
            added.append(MediaChange(url=str(kind.validate(kind.parse(line.strip(), ADDRESS), ADDRESS))))
        except ValueProblem as problem:
            messages.error(request, f"“{line.strip()[:200]}” was not taken. {problem}")
    return added
