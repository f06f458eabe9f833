"""`manage.py approve (--sku … | --all) --as USER`"""

from __future__ import annotations

from catalog.models import User
from governance.management.base import WorkflowCommand
from governance.models import Standing
from governance.workflow import verbs


class Command(WorkflowCommand):
    help = "Approve products that are in review, as they are now."
    done = "approved"
    states = (Standing.State.IN_REVIEW,)

    def carry_out(self, standing: Standing, user: User) -> None:
        verbs.approve(product=standing.product, user=user, content_hash=standing.content_hash)
