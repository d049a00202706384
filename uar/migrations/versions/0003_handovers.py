"""Who was asked before: review items and approval steps that somebody else decides."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=True),
        sa.Column("to_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("n_items", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_handover_campaign_id")
        ),
        sa.ForeignKeyConstraint(["from_id"], ["identity.id"], name=op.f("fk_handover_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["identity.id"], name=op.f("fk_handover_to_id")),
        sa.ForeignKeyConstraint(["by"], ["identity.id"], name=op.f("fk_handover_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index("ix_handover_campaign_id_id", "handover", ["campaign_id", "id"])
    op.create_table(
        "handover_item",
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_handover_item_handover_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["review_item.id"], name=op.f("fk_handover_item_item_id")
        ),
        sa.PrimaryKeyConstraint("handover_id", "item_id", name=op.f("pk_handover_item")),
    )
    op.create_index("ix_handover_item_item_id", "handover_item", ["item_id"])
    op.create_table(
        "step_handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_step_handover_not_oneself")),
        sa.ForeignKeyConstraint(
            ["step_id"], ["approval_step.id"], name=op.f("fk_step_handover_step_id")
        ),
        sa.ForeignKeyConstraint(
            ["from_id"], ["identity.id"], name=op.f("fk_step_handover_from_id")
        ),
        sa.ForeignKeyConstraint(["to_id"], ["identity.id"], name=op.f("fk_step_handover_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_handover")),
    )
    op.create_index("ix_step_handover_step_id", "step_handover", ["step_id"])
    op.create_index("ix_step_handover_to_id", "step_handover", ["to_id"])
    op.create_index(
        "uq_step_handover_open",
        "step_handover",
        ["step_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("step_handover")
    op.drop_table("handover_item")
    op.drop_table("handover")
