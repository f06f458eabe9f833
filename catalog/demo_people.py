"""The people of the demo. Their passwords are no secret: the demo is for one's own machine."""

from __future__ import annotations

from django.contrib.auth.models import Group

from catalog.models import User
from catalog.permissions import ROLES

LOGINS = [
    {"name": "merchandiser", "password": "merchandiser-demo", "role": "Merchandiser", "full": "Mara Lind"},
    {"name": "reviewer", "password": "reviewer-demo", "role": "Reviewer", "full": "Rafael Ortiz"},
    {"name": "channelmanager", "password": "channelmanager-demo", "role": "Channel manager", "full": "Chiara Brandt"},
    {"name": "admin", "password": "administrator-demo", "role": "Administrator", "full": "Ada Novak"},
]


def ensure_people() -> None:
    for login in LOGINS:
        if User.objects.filter(username=login["name"]).exists():
            continue
        first, last = login["full"].split()
        user = User.objects.create_user(login["name"], password=login["password"], first_name=first, last_name=last)
        user.groups.add(Group.objects.get(name=login["name"]))
        assert login["name"] in ROLES
