"""The history of the register's tables, run by Alembic.

A change of `models.py` needs a new module in `versions/` and its number in `register.REVISIONS`; a test holds tables
and history together. Revisions are r0001, r0002, ...: one line, no branches.
"""
