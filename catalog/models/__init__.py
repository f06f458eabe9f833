"""The rows. A model keeps identity, relations and questions about itself; verbs live in the rooms beside."""

from catalog.models.access import User
from catalog.models.asset import MediaAsset, MediaHost, MediaLink
from catalog.models.association import Association, AssociationType
from catalog.models.attribute import Attribute, AttributeGroup, AttributeOption
from catalog.models.blob import Blob
from catalog.models.category import Category
from catalog.models.change_set import ChangeSet, JournalEntry
from catalog.models.completeness import Completeness
from catalog.models.event import DomainEvent, EventCursor, EventSequence
from catalog.models.export_run import ExportRun
from catalog.models.external import ExternalReference, ExternalSystem
from catalog.models.family import Family, FamilyAttribute
from catalog.models.import_run import ImportFingerprint, ImportLine, ImportProblem, ImportRun
from catalog.models.intake import Heard, Reject
from catalog.models.locale import Currency, Locale, Scope
from catalog.models.offer import HeldPrice, Location, Market, Offer, PriceList, StockLevel
from catalog.models.plan import ChangePlan, PlanLine
from catalog.models.product import Product, Variant
from catalog.models.recompute import Recompute
from catalog.models.record import ReferenceEntity, ReferenceRecord
from catalog.models.role import RoleLimit, RoleSignIn
from catalog.models.source import Delivery, Source
from catalog.models.stamp import StructureStamp
from catalog.models.token import ApiToken, IdempotentCall
from catalog.models.value_index import UniqueValue, ValueIndex
from catalog.models.view import SavedView

__all__ = [
    "ApiToken",
    "Association",
    "AssociationType",
    "Attribute",
    "AttributeGroup",
    "AttributeOption",
    "Blob",
    "Category",
    "ChangePlan",
    "ChangeSet",
    "Completeness",
    "Currency",
    "Delivery",
    "DomainEvent",
    "EventCursor",
    "EventSequence",
    "ExportRun",
    "ExternalReference",
    "ExternalSystem",
    "Family",
    "FamilyAttribute",
    "Heard",
    "HeldPrice",
    "IdempotentCall",
    "ImportFingerprint",
    "ImportLine",
    "ImportProblem",
    "ImportRun",
    "JournalEntry",
    "Locale",
    "Location",
    "Market",
    "MediaAsset",
    "MediaHost",
    "MediaLink",
    "Offer",
    "PlanLine",
    "PriceList",
    "Product",
    "Recompute",
    "ReferenceEntity",
    "ReferenceRecord",
    "Reject",
    "RoleLimit",
    "RoleSignIn",
    "SavedView",
    "Scope",
    "Source",
    "StockLevel",
    "StructureStamp",
    "UniqueValue",
    "User",
    "ValueIndex",
    "Variant",
]
