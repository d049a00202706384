"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


TABLES = ("audit_entry", "audit_seal")
REFUSAL = "audit rows are never changed or deleted"


def upgrade() -> None:
    op.create_table(
        "app",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("managed", "unmanaged", name="appstatus", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("is_directory", sa.Boolean(), nullable=False),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app")),
        sa.UniqueConstraint("name", name=op.f("uq_app_name")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("request_ref", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_action"), ["action"], unique=False)
        batch_op.create_index("ix_audit_entry_subject", ["subject", "id"], unique=False)

    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("employee_id", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=True),
        sa.Column(
            "status",
            sa.Enum("active", "inactive", name="personstatus", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["identity.id"], name=op.f("fk_identity_manager_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_department"), ["department"], unique=False)
        batch_op.create_index(batch_op.f("ix_identity_employee_id"), ["employee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_identity_manager_id"), ["manager_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_identity_title"), ["title"], unique=False)
        batch_op.create_index(
            "uq_identity_email",
            ["email"],
            unique=True,
            sqlite_where=sa.text("email <> ''"),
            postgresql_where=sa.text("email <> ''"),
        )

    op.create_table(
        "app_owner",
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_app_owner_app_id")),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_app_owner_identity_id")
        ),
        sa.PrimaryKeyConstraint("app_id", "identity_id", name=op.f("pk_app_owner")),
    )
    with op.batch_alter_table("app_owner", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_app_owner_identity_id"), ["identity_id"], unique=False)

    op.create_table(
        "audit_seal",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audit_id"], ["audit_entry.id"], name=op.f("fk_audit_seal_audit_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_audit_seal_audit_id")),
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("instructions", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "staged",
                "open",
                "closed",
                "cancelled",
                name="campaignstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("fallback_id", sa.Integer(), nullable=False),
        sa.Column(
            "reviewer_rule",
            sa.Enum("manager", "app_owner", name="reviewerrule", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column(
            "removal_at",
            sa.Enum(
                "decision", "sign_off", "close", name="removalat", native_enum=False, length=24
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("population_count", sa.Integer(), nullable=False),
        sa.Column("population_hash", sa.String(), nullable=False),
        sa.Column("waived_by", sa.Integer(), nullable=True),
        sa.Column("waived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waived_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fallback_id"], ["identity.id"], name=op.f("fk_campaign_fallback_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["identity.id"], name=op.f("fk_campaign_owner_id")),
        sa.ForeignKeyConstraint(["waived_by"], ["identity.id"], name=op.f("fk_campaign_waived_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "connector",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "new",
                "ready",
                "broken",
                "paused",
                name="connectorstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("writes_on", sa.Boolean(), nullable=False),
        sa.Column("brake_share", sa.Float(), nullable=False),
        sa.Column("every_seconds", sa.Integer(), nullable=False),
        sa.Column("next_sync_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "brake_share >= 0 AND brake_share <= 1", name=op.f("ck_connector_brake")
        ),
        sa.CheckConstraint("every_seconds >= 10", name=op.f("ck_connector_every")),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_connector_app_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connector")),
    )
    with op.batch_alter_table("connector", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_connector_app_id"), ["app_id"], unique=False)
        batch_op.create_index("ix_connector_next_sync_at", ["next_sync_at"], unique=False)

    op.create_table(
        "notification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_notification_identity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
    )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notification_due",
            ["send_at"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_notification_identity_id"), ["identity_id"], unique=False
        )

    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_sign_in_identity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_token_hash")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_identity_id"), ["identity_id"], unique=False)

    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "enabled",
                "disabled",
                "deleted",
                "unspecified",
                name="accountstatus",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("status_detail", sa.String(), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mfa", sa.Boolean(), nullable=True),
        sa.Column("employee_id", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("manager_vendor_id", sa.String(), nullable=False),
        sa.Column("linked_vendor_id", sa.String(), nullable=False),
        sa.Column("is_person", sa.Boolean(), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "person", "service", "system", name="accountkind", native_enum=False, length=24
            ),
            nullable=False,
        ),
        sa.Column("is_protected", sa.Boolean(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=True),
        sa.Column(
            "match",
            sa.Enum("none", "mail", "link", "hand", name="match", native_enum=False, length=24),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_account_app_id")),
        sa.ForeignKeyConstraint(
            ["connector_id"], ["connector.id"], name=op.f("fk_account_connector_id")
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_account_identity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint(
            "connector_id", "type", "vendor_id", name=op.f("uq_account_connector_id_type_vendor_id")
        ),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index("ix_account_app_id_name", ["app_id", "name", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_email"), ["email"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_identity_id"), ["identity_id"], unique=False)

    op.create_table(
        "campaign_scope",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("resource_type", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_campaign_scope_app_id")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_scope_campaign_id")
        ),
        sa.PrimaryKeyConstraint(
            "campaign_id", "app_id", "resource_type", name=op.f("pk_campaign_scope")
        ),
    )
    with op.batch_alter_table("campaign_scope", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_scope_app_id"), ["app_id"], unique=False)

    op.create_table(
        "connector_secret",
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connector_id"], ["connector.id"], name=op.f("fk_connector_secret_connector_id")
        ),
        sa.PrimaryKeyConstraint("connector_id", "field", name=op.f("pk_connector_secret")),
    )
    op.create_table(
        "resource",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("is_builtin", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_resource_app_id")),
        sa.ForeignKeyConstraint(
            ["connector_id"], ["connector.id"], name=op.f("fk_resource_connector_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["resource.id"], name=op.f("fk_resource_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource")),
        sa.UniqueConstraint(
            "connector_id",
            "type",
            "vendor_id",
            name=op.f("uq_resource_connector_id_type_vendor_id"),
        ),
    )
    with op.batch_alter_table("resource", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_resource_app_id"), ["app_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_resource_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "sign_off",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("statement", sa.String(), nullable=False),
        sa.Column("certified", sa.Integer(), nullable=False),
        sa.Column("revoked", sa.Integer(), nullable=False),
        sa.Column("decisions_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["identity.id"], name=op.f("fk_sign_off_by")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_sign_off_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_off")),
    )
    with op.batch_alter_table("sign_off", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_off_by"), ["by"], unique=False)
        batch_op.create_index("uq_sign_off_campaign_id_by", ["campaign_id", "by"], unique=True)

    op.create_table(
        "sync_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "held",
                "complete",
                "partial",
                "failed",
                "discarded",
                name="runstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "completeness",
            sa.Enum(
                "full",
                "scoped",
                "partial",
                "unknown",
                name="completeness",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connector_id"], ["connector.id"], name=op.f("fk_sync_run_connector_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_run")),
    )
    with op.batch_alter_table("sync_run", schema=None) as batch_op:
        batch_op.create_index("ix_sync_run_connector_id_id", ["connector_id", "id"], unique=False)
        batch_op.create_index(
            "uq_sync_run_held",
            ["connector_id"],
            unique=True,
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.create_index(
            "uq_sync_run_running",
            ["connector_id"],
            unique=True,
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )

    op.create_table(
        "campaign_source",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column(
            "completeness",
            sa.Enum(
                "full",
                "scoped",
                "partial",
                "unknown",
                name="completeness",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_source_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["connector_id"], ["connector.id"], name=op.f("fk_campaign_source_connector_id")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["sync_run.id"], name=op.f("fk_campaign_source_run_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "connector_id", name=op.f("pk_campaign_source")),
    )
    op.create_table(
        "entitlement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("can_provision", sa.Boolean(), nullable=False),
        sa.Column("fixed_why", sa.String(), nullable=False),
        sa.Column("is_builtin", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "risk",
            sa.Enum("low", "medium", "high", name="risk", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("requestable", sa.Boolean(), nullable=False),
        sa.Column(
            "approval",
            sa.Enum(
                "manager", "owner", "manager_owner", name="approval", native_enum=False, length=24
            ),
            nullable=False,
        ),
        sa.Column("max_minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint("max_minutes > 0", name=op.f("ck_entitlement_some_time")),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_entitlement_app_id")),
        sa.ForeignKeyConstraint(
            ["connector_id"], ["connector.id"], name=op.f("fk_entitlement_connector_id")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_entitlement_resource_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement")),
        sa.UniqueConstraint("resource_id", "slug", name=op.f("uq_entitlement_resource_id_slug")),
    )
    with op.batch_alter_table("entitlement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entitlement_app_id"), ["app_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_entitlement_connector_id"), ["connector_id"], unique=False
        )

    op.create_table(
        "sync_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column(
            "what",
            sa.Enum(
                "resource",
                "entitlement",
                "account",
                "path",
                name="changeof",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "change",
            sa.Enum("added", "changed", "gone", name="change", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("account_type", sa.String(), nullable=False),
        sa.Column("account_vendor_id", sa.String(), nullable=False),
        sa.Column("via_type", sa.String(), nullable=False),
        sa.Column("via_vendor_id", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_sync_change_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_change")),
    )
    with op.batch_alter_table("sync_change", schema=None) as batch_op:
        batch_op.create_index(
            "ix_sync_change_run_id", ["run_id", "what", "change", "id"], unique=False
        )

    op.create_table(
        "sync_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_sync_log_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_log")),
    )
    with op.batch_alter_table("sync_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sync_log_run_id"), ["run_id"], unique=False)

    op.create_table(
        "access_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requester_id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("entitlement_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "approved",
                "granted",
                "denied",
                "cancelled",
                "lapsed",
                "failed",
                "already_held",
                name="requeststate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("granted_minutes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("is_extension", sa.Boolean(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.CheckConstraint("granted_minutes > 0", name=op.f("ck_access_request_granted_minutes")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_access_request_minutes")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_access_request_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_access_request_entitlement_id")
        ),
        sa.ForeignKeyConstraint(
            ["requester_id"], ["identity.id"], name=op.f("fk_access_request_requester_id")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["identity.id"], name=op.f("fk_access_request_subject_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
    )
    with op.batch_alter_table("access_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_access_request_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_access_request_entitlement_id"), ["entitlement_id"], unique=False
        )
        batch_op.create_index(
            "ix_access_request_lapse",
            ["lapses_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.create_index(
            batch_op.f("ix_access_request_requester_id"), ["requester_id"], unique=False
        )
        batch_op.create_index(
            "uq_access_request_open",
            ["subject_id", "entitlement_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'approved')"),
            postgresql_where=sa.text("state IN ('waiting', 'approved')"),
        )

    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("entitlement_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active",
                "ending",
                "displaced",
                "out_of_scope",
                "ended",
                name="grantstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_run_id", sa.Integer(), nullable=True),
        sa.Column("began_order_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_run_id", sa.Integer(), nullable=True),
        sa.Column("ended_order_id", sa.Integer(), nullable=True),
        sa.Column("reappeared", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_grants_ended")
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= began_at", name=op.f("ck_grants_interval")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_grants_account_id")),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_grants_app_id")),
        sa.ForeignKeyConstraint(
            ["began_run_id"], ["sync_run.id"], name=op.f("fk_grants_began_run_id")
        ),
        sa.ForeignKeyConstraint(
            ["connector_id"], ["connector.id"], name=op.f("fk_grants_connector_id")
        ),
        sa.ForeignKeyConstraint(
            ["ended_run_id"], ["sync_run.id"], name=op.f("fk_grants_ended_run_id")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_grants_entitlement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.create_index(
            "ix_grants_account_id_entitlement_id", ["account_id", "entitlement_id"], unique=False
        )
        batch_op.create_index(
            "ix_grants_connector_id",
            ["connector_id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(
            "ix_grants_entitlement_id_account_id", ["entitlement_id", "account_id"], unique=False
        )
        batch_op.create_index(
            "uq_grants_open",
            ["account_id", "entitlement_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "approval_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("manager", "owner", name="stepkind", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "asked",
                "approved",
                "denied",
                "dropped",
                name="stepstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (state NOT IN ('approved', 'denied'))",
            name=op.f("ck_approval_step_decided"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["identity.id"], name=op.f("fk_approval_step_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["access_request.id"], name=op.f("fk_approval_step_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_step")),
        sa.UniqueConstraint(
            "request_id", "position", name=op.f("uq_approval_step_request_id_position")
        ),
    )
    with op.batch_alter_table("approval_step", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_approval_step_decided_by"), ["decided_by"], unique=False
        )

    op.create_table(
        "grant_cause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("entitlement_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "standing",
                "request",
                "group",
                "profile",
                "emergency",
                name="cause",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("via_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'group') = (via_id <> 0)", name=op.f("ck_grant_cause_via")),
        sa.CheckConstraint(
            "(kind = 'request') = (request_id <> 0)", name=op.f("ck_grant_cause_request")
        ),
        sa.CheckConstraint("kind = 'request' OR ends_at IS NULL", name=op.f("ck_grant_cause_ends")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_grant_cause_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["connector_id"], ["connector.id"], name=op.f("fk_grant_cause_connector_id")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_grant_cause_entitlement_id")
        ),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_grant_cause_grant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_cause")),
    )
    with op.batch_alter_table("grant_cause", schema=None) as batch_op:
        batch_op.create_index(
            "ix_grant_cause_due",
            ["ends_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL AND ends_at IS NOT NULL"),
            postgresql_where=sa.text("ended_at IS NULL AND ends_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_grant_cause_grant_id"), ["grant_id"], unique=False)
        batch_op.create_index(
            "ix_grant_cause_warn",
            ["warn_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL AND warn_at IS NOT NULL"),
            postgresql_where=sa.text("ended_at IS NULL AND warn_at IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_grant_cause_open",
            ["connector_id", "account_id", "entitlement_id", "via_id", "kind", "request_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "reappeared",
                "overdue",
                "unproven",
                "vanished",
                name="incidentkind",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("open", "closed", name="incidentstate", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("entitlement_id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=True),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("closed_why", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_incident_account_id")
        ),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_incident_app_id")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_incident_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_incident_entitlement_id")
        ),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_incident_grant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_app_id"), ["app_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incident_campaign_id"), ["campaign_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incident_grant_id"), ["grant_id"], unique=False)
        batch_op.create_index(
            "uq_incident_open",
            ["kind", "account_id", "entitlement_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "review_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=True),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("entitlement_id", sa.Integer(), nullable=False),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "certified",
                "revoked",
                "skipped",
                "void",
                name="itemstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Boolean(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("person_title", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("person_left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("account_status", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("resource_type", sa.String(), nullable=False),
        sa.Column("entitlement", sa.String(), nullable=False),
        sa.Column("entitlement_slug", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column(
            "risk",
            sa.Enum("low", "medium", "high", name="risk", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("previous_verdict", sa.String(), nullable=False),
        sa.Column("previous_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("previous_by", sa.String(), nullable=False),
        sa.Column("previous_campaign", sa.String(), nullable=False),
        sa.Column("peer_group", sa.String(), nullable=False),
        sa.Column("peers_hold", sa.Integer(), nullable=False),
        sa.Column("peers", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "identity_id IS NULL OR reviewer_id IS NULL OR identity_id <> reviewer_id",
            name=op.f("ck_review_item_not_oneself"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_review_item_account_id")
        ),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_review_item_app_id")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_review_item_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_review_item_entitlement_id")
        ),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_review_item_grant_id")),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_review_item_identity_id")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["identity.id"], name=op.f("fk_review_item_reviewer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_item")),
        sa.UniqueConstraint(
            "campaign_id", "grant_id", name=op.f("uq_review_item_campaign_id_grant_id")
        ),
    )
    with op.batch_alter_table("review_item", schema=None) as batch_op:
        batch_op.create_index(
            "ix_review_item_campaign_id_state", ["campaign_id", "state"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_review_item_grant_id"), ["grant_id"], unique=False)
        batch_op.create_index(
            "ix_review_item_history", ["account_id", "entitlement_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_review_item_identity_id"), ["identity_id"], unique=False
        )
        batch_op.create_index(
            "ix_review_item_queue",
            ["campaign_id", "reviewer_id", "state", "unchanged", "rank", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_review_item_reviewer_id"), ["reviewer_id"], unique=False
        )

    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("certify", "revoke", "undo", name="verdict", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bulk", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("seen_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["identity.id"], name=op.f("fk_decision_by")),
        sa.ForeignKeyConstraint(["item_id"], ["review_item.id"], name=op.f("fk_decision_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_item_id_id", ["item_id", "id"], unique=False)

    op.create_table(
        "provisioning_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("grant", "revoke", name="orderkind", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "request",
                "expiry",
                "given_back",
                "review",
                "reappeared",
                name="orderreason",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "consent",
                "queued",
                "sending",
                "sent",
                "verified",
                "manual",
                "failed",
                "cancelled",
                name="orderstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("entitlement_id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_by", sa.String(), nullable=False),
        sa.Column(
            "read_before",
            sa.Enum("unread", "held", "absent", name="seen", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_provisioning_order_account_id")
        ),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_provisioning_order_app_id")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_provisioning_order_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["connector_id"], ["connector.id"], name=op.f("fk_provisioning_order_connector_id")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"],
            ["entitlement.id"],
            name=op.f("fk_provisioning_order_entitlement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name=op.f("fk_provisioning_order_grant_id")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_provisioning_order_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["review_item.id"], name=op.f("fk_provisioning_order_item_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["access_request.id"], name=op.f("fk_provisioning_order_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provisioning_order")),
    )
    with op.batch_alter_table("provisioning_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provisioning_order_app_id"), ["app_id"], unique=False)
        batch_op.create_index(
            "ix_provisioning_order_campaign_id_state", ["campaign_id", "state"], unique=False
        )
        batch_op.create_index(
            "ix_provisioning_order_connector_id_state", ["connector_id", "state"], unique=False
        )
        batch_op.create_index(
            "ix_provisioning_order_due",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('queued', 'sending', 'sent')"),
            postgresql_where=sa.text("state IN ('queued', 'sending', 'sent')"),
        )
        batch_op.create_index(
            batch_op.f("ix_provisioning_order_grant_id"), ["grant_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_provisioning_order_item_id"), ["item_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_provisioning_order_request_id"), ["request_id"], unique=False
        )
        batch_op.create_index(
            "ix_provisioning_order_undescribed",
            ["connector_id"],
            unique=False,
            sqlite_where=sa.text(
                "call = '' AND state IN ('consent', 'queued', 'sending', 'sent', 'manual', 'failed')"
            ),
            postgresql_where=sa.text(
                "call = '' AND state IN ('consent', 'queued', 'sending', 'sent', 'manual', 'failed')"
            ),
        )
        batch_op.create_index(
            "uq_provisioning_order_unsettled",
            ["account_id", "entitlement_id", "kind"],
            unique=True,
            sqlite_where=sa.text(
                "state IN ('consent', 'queued', 'sending', 'sent', 'manual', 'failed')"
            ),
            postgresql_where=sa.text(
                "state IN ('consent', 'queued', 'sending', 'sent', 'manual', 'failed')"
            ),
        )

    _refuse_changes()


def _refuse_changes() -> None:
    """Let the database itself refuse every update and delete of the record."""
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    with op.batch_alter_table("provisioning_order", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_provisioning_order_unsettled",
            sqlite_where=sa.text(
                "state IN ('consent', 'queued', 'sending', 'sent', 'manual', 'failed')"
            ),
            postgresql_where=sa.text(
                "state IN ('consent', 'queued', 'sending', 'sent', 'manual', 'failed')"
            ),
        )
        batch_op.drop_index(
            "ix_provisioning_order_undescribed",
            sqlite_where=sa.text(
                "call = '' AND state IN ('consent', 'queued', 'sending', 'sent', 'manual', 'failed')"
            ),
            postgresql_where=sa.text(
                "call = '' AND state IN ('consent', 'queued', 'sending', 'sent', 'manual', 'failed')"
            ),
        )
        batch_op.drop_index(batch_op.f("ix_provisioning_order_request_id"))
        batch_op.drop_index(batch_op.f("ix_provisioning_order_item_id"))
        batch_op.drop_index(batch_op.f("ix_provisioning_order_grant_id"))
        batch_op.drop_index(
            "ix_provisioning_order_due",
            sqlite_where=sa.text("state IN ('queued', 'sending', 'sent')"),
            postgresql_where=sa.text("state IN ('queued', 'sending', 'sent')"),
        )
        batch_op.drop_index("ix_provisioning_order_connector_id_state")
        batch_op.drop_index("ix_provisioning_order_campaign_id_state")
        batch_op.drop_index(batch_op.f("ix_provisioning_order_app_id"))

    op.drop_table("provisioning_order")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index("ix_decision_item_id_id")

    op.drop_table("decision")
    with op.batch_alter_table("review_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_item_reviewer_id"))
        batch_op.drop_index("ix_review_item_queue")
        batch_op.drop_index(batch_op.f("ix_review_item_identity_id"))
        batch_op.drop_index("ix_review_item_history")
        batch_op.drop_index(batch_op.f("ix_review_item_grant_id"))
        batch_op.drop_index("ix_review_item_campaign_id_state")

    op.drop_table("review_item")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_incident_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index(batch_op.f("ix_incident_grant_id"))
        batch_op.drop_index(batch_op.f("ix_incident_campaign_id"))
        batch_op.drop_index(batch_op.f("ix_incident_app_id"))

    op.drop_table("incident")
    with op.batch_alter_table("grant_cause", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_grant_cause_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_grant_cause_warn",
            sqlite_where=sa.text("ended_at IS NULL AND warn_at IS NOT NULL"),
            postgresql_where=sa.text("ended_at IS NULL AND warn_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_grant_cause_grant_id"))
        batch_op.drop_index(
            "ix_grant_cause_due",
            sqlite_where=sa.text("ended_at IS NULL AND ends_at IS NOT NULL"),
            postgresql_where=sa.text("ended_at IS NULL AND ends_at IS NOT NULL"),
        )

    op.drop_table("grant_cause")
    with op.batch_alter_table("approval_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_approval_step_decided_by"))

    op.drop_table("approval_step")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_grants_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_grants_entitlement_id_account_id")
        batch_op.drop_index(
            "ix_grants_connector_id",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_grants_account_id_entitlement_id")

    op.drop_table("grants")
    with op.batch_alter_table("access_request", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_access_request_open",
            sqlite_where=sa.text("state IN ('waiting', 'approved')"),
            postgresql_where=sa.text("state IN ('waiting', 'approved')"),
        )
        batch_op.drop_index(batch_op.f("ix_access_request_requester_id"))
        batch_op.drop_index(
            "ix_access_request_lapse",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(batch_op.f("ix_access_request_entitlement_id"))
        batch_op.drop_index(batch_op.f("ix_access_request_account_id"))

    op.drop_table("access_request")
    with op.batch_alter_table("sync_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sync_log_run_id"))

    op.drop_table("sync_log")
    with op.batch_alter_table("sync_change", schema=None) as batch_op:
        batch_op.drop_index("ix_sync_change_run_id")

    op.drop_table("sync_change")
    with op.batch_alter_table("entitlement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entitlement_connector_id"))
        batch_op.drop_index(batch_op.f("ix_entitlement_app_id"))

    op.drop_table("entitlement")
    op.drop_table("campaign_source")
    with op.batch_alter_table("sync_run", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_sync_run_running",
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )
        batch_op.drop_index(
            "uq_sync_run_held",
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.drop_index("ix_sync_run_connector_id_id")

    op.drop_table("sync_run")
    with op.batch_alter_table("sign_off", schema=None) as batch_op:
        batch_op.drop_index("uq_sign_off_campaign_id_by")
        batch_op.drop_index(batch_op.f("ix_sign_off_by"))

    op.drop_table("sign_off")
    with op.batch_alter_table("resource", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_resource_parent_id"))
        batch_op.drop_index(batch_op.f("ix_resource_app_id"))

    op.drop_table("resource")
    op.drop_table("connector_secret")
    with op.batch_alter_table("campaign_scope", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_scope_app_id"))

    op.drop_table("campaign_scope")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_identity_id"))
        batch_op.drop_index(batch_op.f("ix_account_email"))
        batch_op.drop_index("ix_account_app_id_name")

    op.drop_table("account")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_identity_id"))

    op.drop_table("sign_in")
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notification_identity_id"))
        batch_op.drop_index(
            "ix_notification_due",
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        )

    op.drop_table("notification")
    with op.batch_alter_table("connector", schema=None) as batch_op:
        batch_op.drop_index("ix_connector_next_sync_at")
        batch_op.drop_index(batch_op.f("ix_connector_app_id"))

    op.drop_table("connector")
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_owner_id"))

    op.drop_table("campaign")
    op.drop_table("audit_seal")
    with op.batch_alter_table("app_owner", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_app_owner_identity_id"))

    op.drop_table("app_owner")
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_identity_email",
            sqlite_where=sa.text("email <> ''"),
            postgresql_where=sa.text("email <> ''"),
        )
        batch_op.drop_index(batch_op.f("ix_identity_title"))
        batch_op.drop_index(batch_op.f("ix_identity_manager_id"))
        batch_op.drop_index(batch_op.f("ix_identity_employee_id"))
        batch_op.drop_index(batch_op.f("ix_identity_department"))

    op.drop_table("identity")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_subject")
        batch_op.drop_index(batch_op.f("ix_audit_entry_action"))

    op.drop_table("audit_entry")
    op.drop_table("app")
