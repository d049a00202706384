"""Tables by noun. Importing this package registers them all."""

from uar.models.access import AccessRequest, ApprovalStep, StepHandover
from uar.models.audit import AuditEntry, AuditSeal
from uar.models.inventory import Account, App, AppOwner, Entitlement, Grant, GrantCause, Resource
from uar.models.orders import Incident, ProvisioningOrder
from uar.models.people import Identity, Notification, SignIn
from uar.models.reviews import (
    Campaign,
    CampaignScope,
    CampaignSource,
    Decision,
    Handover,
    HandoverItem,
    ReviewItem,
    SignOff,
)
from uar.models.sync import Connector, ConnectorSecret, SyncChange, SyncLog, SyncRun

__all__ = [
    "AccessRequest",
    "Account",
    "App",
    "AppOwner",
    "ApprovalStep",
    "AuditEntry",
    "AuditSeal",
    "Campaign",
    "CampaignScope",
    "CampaignSource",
    "Connector",
    "ConnectorSecret",
    "Decision",
    "Entitlement",
    "Grant",
    "GrantCause",
    "Handover",
    "HandoverItem",
    "Identity",
    "Incident",
    "Notification",
    "ProvisioningOrder",
    "Resource",
    "ReviewItem",
    "SignIn",
    "SignOff",
    "StepHandover",
    "SyncChange",
    "SyncLog",
    "SyncRun",
]
