"""One draft: what is there, what is new, and the facts it rests on, side by side, decided by keyboard."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from catalog.access.reach import seen, sight
from catalog.change_sets import acting
from catalog.models import ChangeSet, User
from catalog.permissions import requires
from catalog.views.pictures import picture
from governance import proposals
from governance.copywriting import haste, seeds
from governance.copywriting.checks import is_blocking, is_flagged
from governance.copywriting.drafts import CannotDecide, facts_for, reads_values, recheck, value_typed
from governance.copywriting.facts import SOURCE
from governance.copywriting.lengths import meters
from governance.copywriting.origins import plain
from governance.copywriting.resting import as_written, stale_by
from governance.copywriting.rulebook import pack_labels
from governance.models import Draft, Proposal, SeededDraft
from governance.proposed_parts import ALT, is_proposable, picture_of
from governance.views.copy import USE, beside, open_drafts
from governance.views.named import codes_in, key_named, names_of
from governance.views.proof import facts_told, marked, resting


@requires("catalog.view_product")
def draft_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it, take it edited, or turn it down; then the next."""
    found = Draft.objects.select_related(
        "proposal__product", "proposal__proposed_by", "version__template__attribute", "version__template__scope", "call"
    )
    draft = get_object_or_404(seen(found, "proposal__product"), pk=pk)
    row = draft.proposal
    if not sight().shows(row.product_id, row.key):
        raise Http404
    may_decide = request.user.has_perm("catalog.change_product") and row.state == Proposal.State.OPEN
    user = cast(User, request.user)
    if request.method == "POST":
        if not request.user.has_perm("catalog.change_product"):
            raise Http404
        if seed := seeds.waiting(draft, user):
            return _seeded(request, seed)
    elif may_decide and (seed := seeds.offer(draft, user)):
        draft.text, draft.claims = seed.text, seed.claims  # shown in its place, and never saved
    typed, status = draft.text, 200
    if request.method == "POST":
        typed = request.POST.get("text", draft.text)
        try:
            _decide(request, draft, typed)
            return _next(draft)
        except CannotDecide as error:
            messages.error(request, str(error))
            status = error.status
    facts = facts_for(draft)
    edited = "\n".join(typed.split("\r\n")) != draft.text
    reads = reads_values(draft)
    again = edited and not reads
    claims = recheck(draft, typed, facts).claims if again else [c for c in draft.claims if "problem" not in c]
    previous, following = beside(draft)
    problems = [claim["problem"] for claim in draft.claims if "problem" in claim] if not edited else []
    flagged = [claim for claim in claims if is_flagged(claim)]
    names = names_of([*draft.facts, *codes_in([row.key])])
    told = facts_told(draft, facts.values, stale_by(as_written(draft), facts.values), names)
    packs = pack_labels()
    context = {
        "draft": draft,
        "row": row,
        "product": row.product,
        "typed": typed,
        "marked": marked(str(draft.facts.get(SOURCE, "")) if reads else typed, claims, names),
        "reads": reads,
        "is_fixed": reads and is_proposable(row.key),  # taken or turned down as it is
        "claims": [claim | {"fact": names.get(str(claim["fact"]), claim["fact"])} for claim in flagged],
        "flags": len(flagged) + len(problems),
        "blocking": any(is_blocking(claim) for claim in claims),
        "problems": problems,
        "meters": [] if reads else meters(draft.version, draft.locale, "\n".join(typed.split("\r\n"))),
        "facts": told,
        "key": key_named(row.key, names),
        "resting": [] if reads else resting(typed, draft, claims, {fact["code"] for fact in told}, names),
        "judged_by": [each | {"label": packs.get(each["pack"], each["pack"])} for each in draft.judged_by],
        "before": plain(str(row.base)) if row.base else "",
        "whys": Proposal.Why.choices,
        "previous": previous,
        "next": following,
        "picture": _picture(draft),
        "haste": haste.lately(user) if may_decide else None,
        "waiting": open_drafts().count(),
        "may_decide": may_decide,
        "may_write": request.user.has_perm(USE),
    }
    return render(request, "governance/draft_detail.html", context, status=status)


def _picture(draft: Draft) -> str:
    """Where the picture is that a text describes; "" for other texts, and where it is not held here."""
    if not draft.proposal.key.startswith(ALT):
        return ""
    _, identity = picture_of(draft.proposal.key)
    links = draft.proposal.product.media_links.select_related("asset")
    return next((picture(link, width=400) for link in links if link.asset.identity == identity), "")


def _seeded(request: HttpRequest, seed: SeededDraft) -> HttpResponse:
    """The known error was caught or missed: that is said at once, and the true draft comes next."""
    accepted = request.POST.get("do") != "reject"
    caught = seeds.decide(seed, accepted=accepted, typed=request.POST.get("text", seed.text))
    if caught:
        messages.success(request, f"Well seen. {seeds.told(seed)}")
    else:
        messages.error(request, f"Missed. {seeds.told(seed)}")
    return redirect("draft_detail", pk=seed.draft_id)


def _decide(request: HttpRequest, draft: Draft, typed: str) -> None:
    """Raises CannotDecide."""
    user, comment = cast(User, request.user), request.POST.get("comment", "")
    with acting(user=user, source=ChangeSet.Source.PAGE):
        if request.POST.get("do") == "reject":
            proposals.reject(proposal=draft.proposal, user=user, why=request.POST.get("why", ""), comment=comment)
            messages.success(request, "The draft is turned down.")
            return
        edited = "\n".join(typed.split("\r\n")).strip() != draft.text
        instead = value_typed(draft, typed.strip()) if edited else None
        proposals.accept(proposal=draft.proposal, user=user, instead=instead, edited=edited, comment=comment)
        messages.success(request, f"{_named(draft.proposal.key)} of {draft.proposal.product.code} is written.")


def _next(draft: Draft) -> HttpResponse:
    _, following = beside(draft)
    return redirect("draft_detail", pk=following.pk) if following else redirect("copy_home")


def _named(key: str) -> str:
    return key_named(key, names_of(codes_in([key])))
