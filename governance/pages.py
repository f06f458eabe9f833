"""Pages of the configuration that governance adds. Plugged in with the addresses: workers need no pages."""

from __future__ import annotations

from catalog.views.structure_kinds import KINDS, Kind
from governance.api.ownership import OWN, RuleRow
from governance.api.policies import MANAGE, PolicyRow
from governance.api.sales import SalePolicyRow
from governance.sales.decide import approvers
from governance.workflow.policies import about, needs


def plug_in() -> None:
    KINDS["ownership"] = Kind(
        "ownership",
        "Ownership",
        "rule",
        RuleRow,
        "Which system, or people, may write which values. The most specific rule decides.",
        (),
        right=OWN,
        page="ownership",
    )
    KINDS["policies"] = Kind(
        "policies",
        "Approval policies",
        "policy",
        PolicyRow,
        "Who must approve what, how many of them, and by when. Of each value, the most specific policy decides.",
        (("What", about), ("Needs", needs), ("Reason", "reason")),
        right=MANAGE,
    )
    KINDS["sale-policies"] = Kind(
        "sale-policies",
        "Sale policies",
        "sale policy",
        SalePolicyRow,
        "Price lists whose sales are shown when a person named here has approved them. Others begin by themselves.",
        (
            ("Price list", lambda policy: policy.price_list or "all others"),
            ("Who approves", approvers),
            ("Reason", "reason"),
        ),
        right=MANAGE,
    )
