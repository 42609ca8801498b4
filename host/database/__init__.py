"""Executions kept in a database, SQLite or PostgreSQL (docs/SERVER.md, "The database")."""
