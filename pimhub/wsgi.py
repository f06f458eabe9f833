"""The web application, for gunicorn."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pimhub.settings")

application = get_wsgi_application()

from governance.copywriting.claims.warm import warm  # noqa: E402 # needs the settings

warm()  # before the workers fork: no reviewer waits for the word lists
