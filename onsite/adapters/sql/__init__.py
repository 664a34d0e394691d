"""The store: SQLAlchemy Core over SQLite (the default) or PostgreSQL. One file per noun, one transaction per use case.

Nothing here speaks one database's dialect, except `database` (how a connection is set up) and `inserts` (how a database
is told to skip rows that exist).
"""
