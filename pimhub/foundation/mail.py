"""Mail to people, where a mail server is set up."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import send_mail

logger = logging.getLogger("pimhub.mail")


def write(address: str, subject: str, text: str) -> bool:
    """Send one mail; False when that could not be done now and may be tried again.

    Without a mail server, or to nobody's address, nothing is sent and nothing is left to do.
    """
    if not (settings.PIMHUB_MAIL and address):
        return True
    try:
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
    except OSError as error:  # SMTP errors are of this kind too
        logger.warning("a mail could not be sent", extra={"subject": subject, "error": str(error)})
        return False
    return True
