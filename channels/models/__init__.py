"""Rows of channels: the channel, its mapping, what each product should and does show, and every call."""

from channels.models.alert import Alert, AlertRule
from channels.models.bulk import BulkLine, BulkRun
from channels.models.call import Call
from channels.models.channel import Channel
from channels.models.checkpoint import ChangeCheckpoint
from channels.models.definition import ChannelDefinition
from channels.models.feed import FeedFile, FeedFragment
from channels.models.health import ChannelHealth
from channels.models.hold import Drift, Hold, Pin
from channels.models.inbound import InboundEvent, InboundTally
from channels.models.issue import ChannelIssue
from channels.models.listing import Listing, Placement, RemoteLink
from channels.models.mapping import MappingActivation, MappingTrial, MappingVersion, TrialLine
from channels.models.match import Match
from channels.models.publication import Publication
from channels.models.rate import RateBucket
from channels.models.reconciliation import Gap, Reconciliation
from channels.models.rollout import Rollout
from channels.models.stock import StockRule
from channels.models.webhook import Delivery, Subscription

__all__ = [
    "Call",
    "Alert",
    "AlertRule",
    "BulkLine",
    "BulkRun",
    "ChangeCheckpoint",
    "Channel",
    "ChannelDefinition",
    "ChannelHealth",
    "ChannelIssue",
    "Drift",
    "Delivery",
    "FeedFile",
    "FeedFragment",
    "Hold",
    "InboundEvent",
    "InboundTally",
    "Gap",
    "Listing",
    "MappingActivation",
    "MappingTrial",
    "MappingVersion",
    "Match",
    "Pin",
    "Placement",
    "Publication",
    "RateBucket",
    "Reconciliation",
    "RemoteLink",
    "Rollout",
    "Subscription",
    "StockRule",
    "TrialLine",
]
