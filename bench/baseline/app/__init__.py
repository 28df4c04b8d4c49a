"""A checkout in FastAPI and SQLAlchemy, to compare Baedal with."""
