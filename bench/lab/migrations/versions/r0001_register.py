"""The first tables of the register."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

_KEPT = ("certificate", "certificate_line", "line_range", "record_use", "waiver", "check_group")
_RECORD = (
    "id",
    "number",
    "system",
    "order_id",
    "device_id",
    "device_serial",
    "verdict",
    "simulated",
    "started",
    "digest",
)


def upgrade() -> None:
    """Make the tables, and the triggers that keep what must never be changed."""
    _tables()
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute(
            """
            CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'rows of % are never changed nor dropped', TG_TABLE_NAME; END $$
            """
        )
    for table in _KEPT:
        _keep(dialect, table, "UPDATE")
    # A record's folder may be moved; nothing else of it changes.
    _keep(dialect, "record", f"UPDATE OF {', '.join(_RECORD)}")


def downgrade() -> None:
    """Refuse: the register is never taken back to nothing."""
    raise NotImplementedError("the first version has none before it")


def _keep(dialect: str, table: str, change: str) -> None:
    for act, name in ((change, "changed"), ("DELETE", "dropped")):
        start = f"CREATE TRIGGER {table}_is_never_{name} BEFORE {act} ON {table}"
        if dialect == "postgresql":
            op.execute(f"{start} FOR EACH ROW EXECUTE FUNCTION keep()")
        else:
            why = f"rows of {table} are never changed nor dropped"
            op.execute(f"{start} BEGIN SELECT RAISE(ABORT, '{why}'); END")


def _tables() -> None:
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("address_zh", sa.String(), nullable=False),
        sa.Column("address_en", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("code", name=op.f("uq_customer_code")),
    )
    op.create_table(
        "laboratory",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("address_zh", sa.String(), nullable=False),
        sa.Column("address_en", sa.String(), nullable=False),
        sa.Column("place_zh", sa.String(), nullable=False),
        sa.Column("place_en", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=True),
        sa.Column("accreditation", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_laboratory_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_laboratory")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("code", name=op.f("uq_person_code")),
    )
    op.create_table(
        "standard",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("manufacturer", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("accuracy", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("level IN ('national', 'reference', 'working')", name=op.f("ck_standard_level")),
        sa.CheckConstraint("serial <> ''", name=op.f("ck_standard_serial")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard")),
        sa.UniqueConstraint("manufacturer", "model", "serial", name="uq_standard_identity"),
    )
    op.create_index(op.f("ix_standard_serial"), "standard", ["serial"], unique=False)
    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("standard_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("issued", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.CheckConstraint("due IS NULL OR issued <= due", name=op.f("ck_certificate_dates")),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name=op.f("ck_certificate_parent")),
        sa.ForeignKeyConstraint(["parent_id"], ["certificate.id"], name=op.f("fk_certificate_parent_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_certificate_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("issuer", "number", name="uq_certificate_identity"),
    )
    op.create_index(op.f("ix_certificate_number"), "certificate", ["number"], unique=False)
    op.create_table(
        "check_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("standard_id", sa.Integer(), nullable=False),
        sa.Column("artifact", sa.String(), nullable=False),
        sa.Column("measurand", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("limit", sa.Double(), nullable=False),
        sa.Column("corrected", sa.Boolean(), nullable=False),
        sa.Column("repeatability", sa.Double(), nullable=True),
        sa.CheckConstraint('"limit" > 0', name=op.f("ck_check_series_limit")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_check_series_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_series")),
        sa.UniqueConstraint("code", name=op.f("uq_check_series_code")),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("manufacturer", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("accuracy_class", sa.String(), nullable=False),
        sa.Column("markings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_device_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("manufacturer", "model", "serial", name="uq_device_identity"),
    )
    op.create_index(op.f("ix_device_serial"), "device", ["serial"], unique=False)
    op.create_table(
        "person_role",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.CheckConstraint("role IN ('operator', 'checker', 'approver')", name=op.f("ck_person_role_role")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_role_person_id")),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_person_role")),
    )
    op.create_table(
        "software_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_software_approval_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_software_approval")),
        sa.UniqueConstraint("digest", name=op.f("uq_software_approval_digest")),
    )
    op.create_table(
        "standard_range",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("standard_id", sa.Integer(), nullable=False),
        sa.Column("setting", sa.String(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.CheckConstraint("low <= high", name=op.f("ck_standard_range_order")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_standard_range_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_range")),
        sa.UniqueConstraint("standard_id", "setting", name="uq_standard_range_setting"),
    )
    op.create_table(
        "waiver",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("found", sa.String(), nullable=False),
        sa.Column("required", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person_role", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.String(), nullable=True),
        sa.CheckConstraint("person_role IN ('operator', 'checker', 'approver')", name=op.f("ck_waiver_role")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_waiver_reason")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_waiver_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
    )
    op.create_index(op.f("ix_waiver_number"), "waiver", ["number"], unique=False)
    op.create_table(
        "work_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("received", sa.Date(), nullable=False),
        sa.Column("operator_id", sa.Integer(), nullable=True),
        sa.Column("checker_id", sa.Integer(), nullable=True),
        sa.Column("approver_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["approver_id"], ["person.id"], name=op.f("fk_work_order_approver_id")),
        sa.ForeignKeyConstraint(["checker_id"], ["person.id"], name=op.f("fk_work_order_checker_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_work_order_customer_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["person.id"], name=op.f("fk_work_order_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order")),
        sa.UniqueConstraint("number", name=op.f("uq_work_order_number")),
    )
    op.create_table(
        "certificate_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("measurand", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("U", sa.Double(), nullable=False),
        sa.Column("k", sa.Double(), nullable=False),
        sa.Column("correction", sa.Double(), nullable=False),
        sa.Column("input", sa.String(), nullable=True),
        sa.CheckConstraint('"U" > 0', name=op.f("ck_certificate_line_U")),
        sa.CheckConstraint("k > 0", name=op.f("ck_certificate_line_k")),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_line_certificate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_line")),
    )
    op.create_table(
        "check_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("readings", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_check_group_person_id")),
        sa.ForeignKeyConstraint(["series_id"], ["check_series.id"], name=op.f("fk_check_group_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_group")),
        sa.UniqueConstraint("series_id", "time", name="uq_check_group_time"),
    )
    op.create_table(
        "order_device",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_order_device_device_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_order_device_order_id")),
        sa.PrimaryKeyConstraint("order_id", "device_id", name=op.f("pk_order_device")),
        sa.UniqueConstraint("order_id", "position", name="uq_order_device_position"),
    )
    op.create_table(
        "order_equipment",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("standard_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_order_equipment_order_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_order_equipment_standard_id")),
        sa.PrimaryKeyConstraint("order_id", "role", name=op.f("pk_order_equipment")),
    )
    op.create_table(
        "record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("device_serial", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_record_device_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_record_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sa.UniqueConstraint("number", name=op.f("uq_record_number")),
    )
    op.create_table(
        "line_range",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("setting", sa.String(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.CheckConstraint("low <= high", name=op.f("ck_line_range_order")),
        sa.ForeignKeyConstraint(["line_id"], ["certificate_line.id"], name=op.f("fk_line_range_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_range")),
        sa.UniqueConstraint("line_id", "setting", name="uq_line_range_setting"),
    )
    op.create_table(
        "record_use",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("certificate_number", sa.String(), nullable=True),
        sa.Column("standard_id", sa.Integer(), nullable=True),
        sa.Column("certificate_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_record_use_certificate_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_record_use_record_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["standard.id"], name=op.f("fk_record_use_standard_id")),
        sa.PrimaryKeyConstraint("record_id", "role", name=op.f("pk_record_use")),
    )
    op.create_index(op.f("ix_record_use_serial"), "record_use", ["serial"], unique=False)
