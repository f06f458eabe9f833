"""The rows. A model keeps identity, relations and questions about itself; verbs live in the rooms beside."""

from catalog.models.access import User
from catalog.models.asset import MediaAsset, MediaHost, MediaLink
from catalog.models.attribute import Attribute, AttributeGroup, AttributeOption
from catalog.models.blob import Blob
from catalog.models.category import Category
from catalog.models.change_set import ChangeSet, JournalEntry
from catalog.models.completeness import Completeness
from catalog.models.event import DomainEvent, EventCursor, EventSequence
from catalog.models.family import Family, FamilyAttribute
from catalog.models.import_run import ImportFingerprint, ImportLine, ImportProblem, ImportRun
from catalog.models.locale import Currency, Locale, Scope
from catalog.models.offer import HeldPrice, Location, Market, Offer, PriceList, StockLevel
from catalog.models.product import Product, Variant
from catalog.models.value_index import ValueIndex

__all__ = [
    "Attribute",
    "AttributeGroup",
    "AttributeOption",
    "Blob",
    "Category",
    "ChangeSet",
    "Completeness",
    "Currency",
    "DomainEvent",
    "EventCursor",
    "EventSequence",
    "Family",
    "FamilyAttribute",
    "HeldPrice",
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
    "PriceList",
    "Product",
    "Scope",
    "StockLevel",
    "User",
    "ValueIndex",
    "Variant",
]
