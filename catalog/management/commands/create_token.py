"""`manage.py create_token USERNAME --scope read`"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from catalog.access import scopes, tokens
from catalog.management.base import BadInput, PimhubCommand
from catalog.models import User


class Command(PimhubCommand):
    help = "Make an API token for a person. Its text is printed once, and kept nowhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what uses it")
        parser.add_argument("--scope", action="append", help="read, write, or such as products:read; repeat it")
        parser.add_argument("--network", action="append", default=[], help="only from there: 203.0.113.0/24")
        parser.add_argument("--days", type=int, default=90, help="how long it opens anything (default 90)")
        parser.add_argument("--rate", type=int, default=600, help="calls a minute (default 600)")

    def run(self, **options: Any) -> dict[str, Any]:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise BadInput(f"There is no user “{options['username']}”.")
        if options["days"] < 1 or options["rate"] < 1:
            raise BadInput("--days and --rate are numbers above zero.")
        try:
            token, text = tokens.create(
                user=user,
                name=options["name"],
                scopes_wanted=options["scope"] or ["read"],
                expires_at=timezone.now() + dt.timedelta(days=options["days"]),
                networks=options["network"],
                rate=options["rate"],
            )
        except (scopes.BadScope, ValueError) as error:
            raise BadInput(str(error)) from error
        return {"token": text, "scopes": token.scopes, "expires": token.expires_at.isoformat()}  # type: ignore[union-attr]
