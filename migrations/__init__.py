"""The schema's history: Alembic versions, with the triggers of each database as SQL files beside them."""
