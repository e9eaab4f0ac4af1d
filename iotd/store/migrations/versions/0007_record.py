"""The record of a patient: results, questionnaire, advice, shares, habits; the audit's chain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from iotd.store.migrations.steps import ID, OPTIONS, PLAIN, TIME, column, index

revision = "0007"
down_revision = "0006"

WORDS = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    for part in (_audit, _people, _labs, _questionnaires, _advice, _shares, _habits, _nutrition):
        part()


def _audit() -> None:
    column("audit", sa.Column("salt", sa.String(32)))
    column("audit", sa.Column("digest", sa.String(64)))
    column("audit", sa.Column("chain", sa.String(64)))
    column("audit", sa.Column("erased", sa.Boolean, nullable=False, server_default=sa.false()))


def _people() -> None:
    op.create_table(
        "profiles",
        sa.Column("user_id", ID, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True,
                  autoincrement=False),
        sa.Column("email", sa.String(254)),
        sa.Column("email_key", sa.String(254), unique=True),
        sa.Column("full_name", sa.String(100), nullable=False),
        sa.Column("national_id_sealed", sa.Text),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("asked_at", TIME),
        sa.Column("asked_from", sa.String(64), nullable=False),
        sa.Column("verified_at", TIME),
        sa.Column("verified_by", sa.String(64)),
        **PLAIN,
    )
    op.create_table(
        "password_resets",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("user_id", ID, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        **OPTIONS,
    )


def _labs() -> None:
    op.create_table(
        "lab_reports",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("patient", sa.String(40), sa.ForeignKey("patients.id", ondelete="CASCADE"),
                  nullable=False),
        sa.Column("date", sa.String(10), nullable=False),
        sa.Column("laboratory", sa.String(100), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("patient", "date"),
        **OPTIONS,
    )
    op.create_table(
        "lab_values",
        sa.Column("report_id", ID, sa.ForeignKey("lab_reports.id", ondelete="CASCADE"),
                  primary_key=True, autoincrement=False),
        sa.Column("analyte", sa.String(24), primary_key=True),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("comparator", sa.String(2)),
        sa.Column("given_value", sa.Double, nullable=False),
        sa.Column("given_unit", sa.String(24), nullable=False),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("fasting", sa.String(8)),
        **PLAIN,
    )
    op.create_table(
        "lab_columns",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("mapping", sa.Text, nullable=False),
        sa.Column("used_at", TIME, nullable=False),
        sa.UniqueConstraint("owner", "fingerprint"),
        **OPTIONS,
    )
    op.create_table(
        "lab_ranges",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("analyte", sa.String(24), nullable=False),
        sa.Column("sex", sa.String(8), nullable=False),
        sa.Column("age_from", sa.Integer, nullable=False),
        sa.Column("age_to", sa.Integer, nullable=False),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        **OPTIONS,
    )


def _questionnaires() -> None:
    op.create_table(
        "questionnaires",
        sa.Column("patient", sa.String(40), sa.ForeignKey("patients.id", ondelete="CASCADE"),
                  primary_key=True),
        sa.Column("answers", WORDS, nullable=False),
        sa.Column("step", sa.String(24), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Column("finished_at", TIME),
        **PLAIN,
    )


def _advice() -> None:
    op.create_table(
        "advice_versions",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("patient", sa.String(40), sa.ForeignKey("patients.id", ondelete="CASCADE"),
                  nullable=False),
        sa.Column("section", sa.String(16), nullable=False),
        sa.Column("text", WORDS, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("author_name", sa.String(100), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("base", sa.BigInteger),
        **OPTIONS,
    )
    op.create_table(
        "notes",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("patient", sa.String(40), sa.ForeignKey("patients.id", ondelete="CASCADE"),
                  nullable=False),
        sa.Column("note", sa.BigInteger),
        sa.Column("text", WORDS, nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("author_name", sa.String(100), nullable=False),
        sa.Column("at", TIME, nullable=False),
        **OPTIONS,
    )
    index("advice_versions", ["patient", "section", "id"])
    index("notes", ["patient", "id"])


def _shares() -> None:
    op.create_table(
        "shares",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("patient", sa.String(40), sa.ForeignKey("patients.id", ondelete="CASCADE"),
                  nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("sections", sa.Text, nullable=False),
        sa.Column("doctor_id", ID, sa.ForeignKey("users.id", ondelete="CASCADE")),
        sa.Column("token_hash", sa.String(64), unique=True),
        sa.Column("passcode_hash", sa.String(255)),
        sa.Column("wrong_passcodes", sa.Integer, nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("most_openings", sa.Integer),
        sa.Column("openings", sa.Integer, nullable=False),
        sa.Column("last_opened_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.Column("revoked_by", sa.String(64)),
        **PLAIN,
    )
    index("shares", ["patient"])
    index("shares", ["doctor_id"])


def _habits() -> None:
    op.create_table(
        "habits",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("patient", sa.String(40), sa.ForeignKey("patients.id", ondelete="CASCADE"),
                  nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("ready", sa.String(24)),
        sa.Column("per", sa.String(8), nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("target", sa.Double),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("remind_at", sa.String(5)),
        sa.Column("reminded_on", sa.String(10)),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("archived_at", TIME),
        **OPTIONS,
    )
    op.create_table(
        "habit_checkins",
        sa.Column("habit_id", ID, sa.ForeignKey("habits.id", ondelete="CASCADE"),
                  primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        **PLAIN,
    )
    op.create_table(
        "habit_settings",
        sa.Column("patient", sa.String(40), sa.ForeignKey("patients.id", ondelete="CASCADE"),
                  primary_key=True),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("day_start", sa.Integer, nullable=False),
        **PLAIN,
    )
    index("habits", ["patient"])


def _nutrition() -> None:
    op.create_table(
        "item_nutrition",
        sa.Column("item_id", ID, sa.ForeignKey("cabinet_items.id", ondelete="CASCADE"),
                  primary_key=True, autoincrement=False),
        sa.Column("piece_g", sa.Double),
        sa.Column("energy_kcal", sa.Double),
        sa.Column("fat_g", sa.Double),
        sa.Column("sugar_g", sa.Double),
        sa.Column("fibre_g", sa.Double),
        sa.Column("protein_g", sa.Double),
        sa.Column("salt_g", sa.Double),
        sa.Column("iron_mg", sa.Double),
        sa.Column("calcium_mg", sa.Double),
        sa.Column("b12_ug", sa.Double),
        sa.Column("source", sa.String(200), nullable=False),
        **PLAIN,
    )
    op.create_table(
        "nutrition_targets",
        sa.Column("patient", sa.String(40), primary_key=True),
        sa.Column("nutrient", sa.String(16), primary_key=True),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        **PLAIN,
    )
