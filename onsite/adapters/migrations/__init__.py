"""The history of the tables, for Alembic. Run by `onsite.adapters.sql.migrate` at start; never by hand.

To add a step: change `onsite/adapters/sql/tables.py`, then write `versions/vNNNN_what_changes.py`; a test compares
both.
"""
