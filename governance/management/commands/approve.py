"""`manage.py approve (--sku … | --all) --as USER`"""

from __future__ import annotations

from catalog.models import User
from governance.management.base import WorkflowCommand
from governance.models import Standing
from governance.workflow import verbs
from governance.workflow.base import Refused


class Command(WorkflowCommand):
    help = "Approve products that are in review, as they are now."
    done = "approved"
    states = (Standing.State.IN_REVIEW,)

    def carry_out(self, standing: Standing, user: User) -> None:
        revision = verbs.approve(product=standing.product, user=user, content_hash=standing.content_hash)
        if revision is None:
            raise Refused("more_needed", "Your word is noted; by a policy, more people must agree.", 409)
