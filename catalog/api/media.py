"""Pictures, videos and 3D models: uploaded once by their bytes, found by name, tag or use, trashed when nothing shows
them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access.reach import pictures
from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import FLAG, PAGING, TEXT, TEXTS, Op, page_of, thing
from catalog.api.formats import ExactJSONParser
from catalog.api.paging import Order, page
from catalog.api.problems import Problem
from catalog.api.resources import expect, in_use
from catalog.api.shapes import PICTURE
from catalog.media import ingest
from catalog.media.beyond import MOST_BYTES
from catalog.media.inspect import MediaRefused
from catalog.models import MediaAsset
from catalog.products import trash
from catalog.products.uses import InUse

UPLOAD = ("catalog.upload_media",)
RIGHTS = {"GET": ("catalog.view_product",), **dict.fromkeys(("POST", "PATCH", "DELETE"), UPLOAD)}


class MediaList(ApiView):
    """`GET` with `?tag= &state= &unused=true &trashed=true`. `POST` multipart with one `file`: the same bytes are
    kept once."""

    resource = "media"
    rights = RIGHTS
    parser_classes = (MultiPartParser,)
    operations = {
        "GET": Op(
            query={**PAGING, "tag": "", "state": "", "sha256": "", "unused": ("", FLAG), "trashed": ("", FLAG)},
            answers={200: page_of(PICTURE)},
        ),
        "POST": Op(
            body=thing("file", file={"type": "string", "format": "binary"}),
            body_type="multipart/form-data",
            answers={201: PICTURE},
        ),
    }

    def get(self, request: Request) -> Response:
        params.only(request, {"tag", "state", "unused", "trashed", "sha256"} | params.PAGING)
        trashed = params.flag(request, "trashed") is True
        query: QuerySet[MediaAsset] = pictures(MediaAsset.objects.filter(trashed_at__isnull=not trashed))
        if states := params.names(request, "state", known=MediaAsset.State.values):
            query = query.filter(state__in=states)
        if hashes := params.names(request, "sha256"):
            query = query.filter(sha256__in=hashes)
        if tag := request.query_params.get("tag"):
            query = query.filter(tags_key__contains=f"\n{tag.casefold()}\n")
        if (unused := params.flag(request, "unused")) is not None:
            query = query.filter(links__isnull=unused).distinct()
        return Response(page(request, query, Order("pk", descending=True), shown))

    def post(self, request: Request) -> Response:
        params.only(request, ())
        file = request.FILES.get("file")
        if file is None or isinstance(file, list):
            raise Problem(422, "no_file", "Send one file under the name “file”.")
        if (file.size or 0) > MOST_BYTES:
            raise Problem(413, "too_large", f"{file.name} has more than {MOST_BYTES // 1024**2} MB.")
        try:
            asset = ingest.upload(file.read())
        except MediaRefused as refusal:
            raise Problem(422, "bad_picture", str(refusal)) from refusal
        return Response(shown([asset])[0], status=201)


class MediaDetail(ApiView):
    """One picture. `PATCH` its title and tags; `DELETE` moves it to the trash while nothing shows it."""

    resource = "media"
    rights = RIGHTS
    parser_classes = (ExactJSONParser,)
    operations = {
        "GET": Op(answers={200: PICTURE}),
        "PATCH": Op(body=thing("", title=TEXT, tags=TEXTS), answers={200: PICTURE}, if_match=True),
        "DELETE": Op(answers={204: None}, if_match=True),
    }

    def get(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        return Response(shown([_asset(pk)])[0])

    def patch(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        given = request.data
        if not isinstance(given, dict) or set(given) - {"title", "tags"}:
            raise Problem(422, "bad_form", "Send an object of “title” and “tags”.")
        title, tags = given.get("title", ""), given.get("tags", [])
        if not isinstance(title, str) or len(title) > 255:
            raise Problem(422, "bad_title", "title is a text of at most 255 characters.")
        good = isinstance(tags, list) and len(tags) <= 50 and all(isinstance(t, str) and 0 < len(t) <= 50 for t in tags)
        if not good:
            raise Problem(422, "bad_tags", "tags are at most 50 texts of at most 50 characters.")
        with transaction.atomic():
            asset = _locked(request, pk)
            if "title" in given:
                asset.title = title
            if "tags" in given:
                asset.tags = sorted({t.strip() for t in tags if t.strip()})
            asset.save(update_fields=["title", "tags", "tags_key"])
        return Response(shown([asset])[0])

    def delete(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        try:
            with transaction.atomic():
                trash.trash_media(_locked(request, pk))
        except InUse as error:
            raise in_use(error) from error
        return Response(status=204)


class MediaRestore(ApiView):
    """Bring a picture back from the trash."""

    resource = "media"
    rights = {"POST": UPLOAD}
    operations = {"POST": Op(answers={200: PICTURE})}

    def post(self, request: Request, pk: int) -> Response:
        params.only(request, ())
        asset = _asset(pk)
        if asset.trashed_at is None:
            raise Problem(409, "not_in_trash", "It is not in the trash.")
        trash.restore_media(asset)
        asset.trashed_at = None
        return Response(shown([asset])[0])


def _asset(pk: int) -> MediaAsset:
    asset = pictures(MediaAsset.objects.filter(pk=pk)).first() if pk < 2**63 else None
    if asset is None:
        raise Problem(404, "not_found", f"There is no picture {pk}.")
    return asset


def _locked(request: Request, pk: int) -> MediaAsset:
    """The picture, for a write: it is as the `If-Match` header says, and nobody else writes it until we are done."""
    _asset(pk)
    asset = MediaAsset.objects.select_for_update().get(pk=pk)
    expect(request, shown([asset])[0])
    return asset


def shown(assets: Any) -> list[dict[str, Any]]:
    counted = MediaAsset.objects.filter(pk__in=[a.pk for a in assets]).annotate(uses=Count("links"))
    uses = dict(counted.values_list("pk", "uses"))
    return [
        {
            "id": a.pk,
            "sha256": a.sha256 or None,
            "url": a.source_url or None,
            "state": a.state,
            "mime": a.mime or None,
            "width": a.width,
            "height": a.height,
            "bytes": a.bytes,
            "title": a.title,
            "tags": a.tags,
            "problem": a.problem or None,
            "uses": uses.get(a.pk, 0),
            "trashed": a.trashed_at is not None,
        }
        for a in assets
    ]
