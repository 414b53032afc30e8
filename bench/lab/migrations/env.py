"""Run migrations on the connection that `bench.lab.register` hands over; Alembic executes this file."""

from __future__ import annotations

from alembic import context

from bench.lab import models

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=models.Base.metadata,
    # SQLite cannot alter most of a table in place; Alembic then copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
