"""SQLAlchemy and Redis live here and nowhere else."""
