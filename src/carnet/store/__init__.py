"""Where state is kept: SQLAlchemy Core over SQLite and PostgreSQL, one head row that orders every change."""
