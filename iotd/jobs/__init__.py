"""The jobs put together: what crosses between their rooms crosses here."""
