"""The tables of what is in the things on the shelf, and of what a person wants to eat a day."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKey, String, Table

from iotd.store.metadata import Id, metadata

facts = Table(
    "item_nutrition", metadata,
    Column("item_id", Id, ForeignKey("cabinet_items.id", ondelete="CASCADE"), primary_key=True,
           autoincrement=False),
    Column("piece_g", Double),  # what one weighs
    Column("energy_kcal", Double),  # this and all below: in 100 g
    Column("fat_g", Double),
    Column("sugar_g", Double),
    Column("fibre_g", Double),
    Column("protein_g", Double),
    Column("salt_g", Double),
    Column("iron_mg", Double),
    Column("calcium_mg", Double),
    Column("b12_ug", Double),
    Column("source", String(200), nullable=False),
)

targets = Table(
    "nutrition_targets", metadata,
    Column("patient", String(40), primary_key=True),
    Column("nutrient", String(16), primary_key=True),
    Column("value", Double, nullable=False),
    Column("source", String(200), nullable=False),
)
