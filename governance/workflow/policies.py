"""What an approval needs, by the policies that fit what is pending."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from catalog.attributes.spec import ValueProblem
from catalog.attributes.values import ValueKey
from catalog.models import Attribute, Category, Product, User
from catalog.products.state import is_part
from governance.models import ApprovalPolicy, Vote
from governance.revisions.pending import Key, Pending
from governance.workflow.base import Refused


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies that fit one product, the most specific first."""

    rows: Sequence[ApprovalPolicy]
    groups: Mapping[str, str]  # attribute → its group

    def of(self, key: str) -> ApprovalPolicy | None:
        """What decides of a value or part; None: one person with the right is enough."""
        group = scope = ""
        if not is_part(key):
            try:
                parsed = ValueKey.parse(key)
            except ValueProblem:
                return None
            group, scope = self.groups.get(parsed.attribute, ""), parsed.scope or ""
        return next((p for p in self.rows if _fits(p, group, scope)), None)

    def by_key(self, keys: Iterable[Key]) -> dict[Key, ApprovalPolicy]:
        found = {key: self.of(key[1]) for key in keys}
        return {key: policy for key, policy in found.items() if policy is not None}


def _fits(policy: ApprovalPolicy, group: str, scope: str) -> bool:
    if policy.group is not None and policy.group.code != group:
        return False
    return policy.scope is None or policy.scope.code == scope


def policies_of(product: Product) -> Policies:
    rows = list(
        ApprovalPolicy.objects.select_related("group", "scope", "category", "trusted").prefetch_related("roles")
    )
    if not rows:
        return Policies((), {})
    placed = list(Category.objects.filter(products=product).values_list("path", flat=True))
    fitting = [
        p
        for p in rows
        if p.family_id in (None, product.family_id)
        and (p.category is None or any(path.startswith(p.category.path) for path in placed))
    ]
    groups = dict(Attribute.objects.values_list("code", "group__code")) if any(p.group_id for p in fitting) else {}
    return Policies(sorted(fitting, key=_weight, reverse=True), groups)


def _weight(policy: ApprovalPolicy) -> tuple[int, ...]:
    """The value itself counts more than where the product is, and a deeper category more than one above."""
    depth = policy.category.depth if policy.category else 0
    return (bool(policy.group_id), bool(policy.scope_id), depth, bool(policy.family_id), -policy.pk)


def check_entitled(user: User, asked: Mapping[Key, ApprovalPolicy]) -> None:
    """Raises Refused where a policy names roles, and the person has none of them."""
    mine = set(user.groups.values_list("pk", flat=True)) if asked else set()
    for (_, key), policy in sorted(asked.items()):
        roles = {group.pk: group.name for group in policy.roles.all()}
        if roles and not mine & set(roles):
            who = " or ".join(sorted(roles.values()))
            message = f"{key} is approved by {who} (policy {policy.code}). Approve the rest, or ask them."
            raise Refused("not_entitled", message, 403)


def check_each_looked_at(asked: Mapping[Key, ApprovalPolicy], *, chosen: bool) -> None:
    """Raises Refused where a policy wants each value ticked by itself, and all were approved at once."""
    strict = sorted((key, policy.code) for (_, key), policy in asked.items() if policy.item_by_item)
    if strict and not chosen:
        key, code = strict[0]
        message = f"Policy {code} wants each value looked at by itself: tick {key} and what else you approve."
        raise Refused("item_by_item", message, 422)


def agreed(product: Product, review_hash: str, *, but: User) -> dict[Key, set[int]]:
    """Who else has agreed to which of the pending changes, as they are now."""
    found: dict[Key, set[int]] = {}
    for vote in Vote.objects.filter(product=product, review_hash=review_hash).exclude(user=but):
        for row, key in vote.keys:
            found.setdefault((row, key), set()).add(vote.user_id)
    return found


def still_needed(asked: Mapping[Key, ApprovalPolicy], others: Mapping[Key, Collection[int]]) -> dict[Key, int]:
    """How many people more, besides the one who approves now, each change needs."""
    needed = {key: policy.people - 1 - len(others.get(key, ())) for key, policy in asked.items()}
    return {key: count for key, count in needed.items() if count > 0}


def due(policies: Policies, keys: Iterable[Key]) -> dt.datetime | None:
    """When a review that is asked for now is due: by the strictest of its policies."""
    hours = [p.due_hours for p in policies.by_key(keys).values() if p.due_hours]
    return timezone.now() + dt.timedelta(hours=min(hours)) if hours else None


def trusted_keys(policies: Policies, now: Pending) -> dict[Key, ApprovalPolicy | None]:
    """Pending changes that need nobody: of attributes that need no review (None), or written by a system that a
    policy trusts."""
    free = set(Attribute.objects.filter(requires_review=False).values_list("code", flat=True))
    found: dict[Key, ApprovalPolicy | None] = {}
    for key, entry in now.authors().items():
        policy = policies.of(key[1])
        if policy is not None and policy.trusted and entry.change_set.system == policy.trusted.code:
            found[key] = policy
        elif not is_part(key[1]) and key[1].partition("@")[0].partition("#")[0] in free:
            found[key] = None
    return found


def anything_trusted() -> bool:
    return (
        ApprovalPolicy.objects.filter(trusted__isnull=False).exists()
        or Attribute.objects.filter(requires_review=False).exists()
    )


def about(policy: ApprovalPolicy) -> str:
    """What a policy is about, in words."""
    places = (policy.group, policy.scope, policy.category, policy.family)
    return ", ".join(str(place) for place in places if place is not None) or "everything"


def needs(policy: ApprovalPolicy) -> str:
    """What it asks for, in words."""
    if policy.trusted:
        return f"nobody, when {policy.trusted.label or policy.trusted.code} wrote it"
    who = " or ".join(sorted(group.name for group in policy.roles.all())) or "who may approve"
    words = [f"{policy.people} × {who}"]
    words += ["each value by itself"] if policy.item_by_item else []
    words += [f"within {policy.due_hours} hours"] if policy.due_hours else []
    return ", ".join(words)


def told(product: Product, now: Pending) -> list[dict[str, Any]]:
    """What the pending changes need beyond one approver, for people: by policy, with who has agreed."""
    asked = policies_of(product).by_key(now.keys())
    votes = Vote.objects.filter(product=product, review_hash=now.review_hash).select_related("user")
    found: dict[int, dict[str, Any]] = {}
    for key, policy in sorted(asked.items()):
        row = found.setdefault(
            policy.pk,
            {"policy": policy.code, "needs": needs(policy), "reason": policy.reason, "keys": [], "agreed": []},
        )
        row["keys"].append(list(key))
        names = [v.user.display_name for v in votes if list(key) in v.keys]
        row["agreed"] = sorted({*row["agreed"], *names})
    return list(found.values())
