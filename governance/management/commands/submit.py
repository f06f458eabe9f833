"""`manage.py submit (--sku … | --all) --as USER`"""

from __future__ import annotations

from catalog.models import User
from governance.management.base import WorkflowCommand
from governance.models import Standing
from governance.workflow import verbs


class Command(WorkflowCommand):
    help = "Submit products for review."
    done = "submitted"
    states = (Standing.State.DRAFT, Standing.State.CHANGES_REQUESTED)

    def carry_out(self, standing: Standing, user: User) -> None:
        verbs.submit(product=standing.product, user=user)
