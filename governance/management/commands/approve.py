"""`manage.py approve (--sku … | --all) --as USER`"""

from __future__ import annotations

from catalog.models import User
from governance.copywriting.provenance import pending_texts
from governance.management.base import WorkflowCommand
from governance.models import Standing
from governance.revisions.pending import pending
from governance.workflow import verbs
from governance.workflow.base import Refused


class Command(WorkflowCommand):
    help = "Approve products that are in review, as they are now."
    done = "approved"
    states = (Standing.State.IN_REVIEW,)

    def carry_out(self, standing: Standing, user: User) -> None:
        if self.wholesale and (texts := pending_texts(pending(standing))):
            keys = ", ".join(key for _, key in texts)
            raise Refused("one_by_one", f"AI wrote {keys}. Look at {standing.product.code} by itself.", 422)
        revision = verbs.approve(product=standing.product, user=user, content_hash=standing.content_hash)
        if revision is None:
            raise Refused("more_needed", "Your word is noted; by a policy, more people must agree.", 409)
