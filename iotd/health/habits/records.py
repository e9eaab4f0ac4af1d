"""The tables of habits and of what was done."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKey, Index, Integer, String, Table

from iotd.store.metadata import Id, Time, metadata

habits = Table(
    "habits", metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("patient", String(40), ForeignKey("patients.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(60), nullable=False),
    Column("ready", String(24)),  # which of the ready ones it is
    Column("per", String(8), nullable=False),  # day, week
    Column("times", Integer, nullable=False),  # in each day or week
    Column("target", Double),  # of an amount, such as 2 (litres)
    Column("unit", String(16), nullable=False),
    Column("remind_at", String(5)),  # local time of day
    Column("reminded_on", String(10)),  # the day it was last reminded of
    Column("position", Integer, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("archived_at", Time),
    Index(None, "patient"),
    sqlite_autoincrement=True,
)

checkins = Table(
    "habit_checkins", metadata,
    Column("habit_id", Id, ForeignKey("habits.id", ondelete="CASCADE"), primary_key=True,
           autoincrement=False),
    Column("day", String(10), primary_key=True),
    Column("state", String(8), nullable=False),  # done, skip, missed
    Column("count", Integer, nullable=False),  # how often that day
    Column("value", Double),
    Column("at", Time, nullable=False),
    Column("by", String(64), nullable=False),
)

settings = Table(
    "habit_settings", metadata,
    Column("patient", String(40), ForeignKey("patients.id", ondelete="CASCADE"),
           primary_key=True),
    Column("timezone", String(64), nullable=False),
    Column("day_start", Integer, nullable=False),  # minutes after midnight
)
