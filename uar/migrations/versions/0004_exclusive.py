"""Exclusive entitlements, and the grant that a removal gives back."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "entitlement", sa.Column("exclusive", sa.String(), nullable=False, server_default="")
    )
    op.add_column("provisioning_order", sa.Column("restores_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("provisioning_order") as batch_op:
        batch_op.drop_column("restores_id")
    with op.batch_alter_table("entitlement") as batch_op:
        batch_op.drop_column("exclusive")
