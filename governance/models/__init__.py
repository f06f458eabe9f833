"""Rows of governance: where a product stands, what was approved, who said what."""

from governance.models.audit import AuditEntry, AuditHead
from governance.models.copy import AiProvider, CopyTrial, ModelPrice, PromptTemplate, PromptVersion
from governance.models.copy_run import CopyBatch, CopyBudget, CopyItem, CopyRun, Draft, ProviderCall, TextOrigin
from governance.models.digest import DigestMail
from governance.models.embargo import Embargo
from governance.models.override import Override
from governance.models.ownership import OwnershipRule
from governance.models.policy import ApprovalPolicy, Vote
from governance.models.proposal import Proposal
from governance.models.review import Reminder, ReviewStep
from governance.models.revision import Revision
from governance.models.rule_pack import RulePack, RulePackVersion
from governance.models.sale import SaleDecision, SalePolicy
from governance.models.score import ContentScore
from governance.models.seed import SeededDraft, SeedPolicy
from governance.models.standing import Standing

__all__ = [
    "AiProvider",
    "ContentScore",
    "CopyBatch",
    "CopyBudget",
    "CopyItem",
    "CopyRun",
    "CopyTrial",
    "Draft",
    "ModelPrice",
    "PromptTemplate",
    "PromptVersion",
    "ProviderCall",
    "TextOrigin",
    "ApprovalPolicy",
    "AuditEntry",
    "AuditHead",
    "DigestMail",
    "Embargo",
    "Override",
    "OwnershipRule",
    "Proposal",
    "Reminder",
    "ReviewStep",
    "Revision",
    "RulePack",
    "RulePackVersion",
    "SaleDecision",
    "SalePolicy",
    "SeedPolicy",
    "SeededDraft",
    "Standing",
    "Vote",
]
