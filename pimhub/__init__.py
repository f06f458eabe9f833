"""The roof: settings, URLs, Celery, health and the `up` supervisor. Nothing imports it."""

from pimhub.celery import app as celery_app

__all__ = ["celery_app"]
