"""Letters: to a mail server, or as files into a folder where there is none."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Final

from hubkit.core.errors import Unavailable
from hubkit.core.ids import new_id
from identity_service.config import MailSettings
from identity_service.ports import Letter, Mail

_TIMEOUT_S: Final = 15.0


def open_mail(settings: MailSettings) -> Mail:
    """Give what sends letters."""
    return SmtpMail(settings) if settings.smtp_host else FileMail(settings)


class FileMail:
    """Writes each letter to a file that its owner alone can read: for a laptop."""

    def __init__(self, settings: MailSettings) -> None:
        self._folder = settings.outbox
        self._sender = settings.sender

    async def send(self, letter: Letter) -> None:
        """Hand one over.

        Raises:
            Unavailable: It cannot be written.
        """
        try:
            await asyncio.to_thread(self._write, _message(letter, self._sender).as_bytes())
        except OSError as error:
            raise Unavailable(f"can't write to {self._folder}: {error.strerror}") from None

    def _write(self, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path: Path = self._folder / f"{new_id()}.eml"
        path.touch(mode=0o600)
        path.write_bytes(content)


class SmtpMail:
    """Hands letters to a mail server."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    async def send(self, letter: Letter) -> None:
        """Hand one over.

        Raises:
            Unavailable: The server does not answer or does not take it.
        """
        try:
            await asyncio.to_thread(self._send, _message(letter, self._settings.sender))
        except (OSError, smtplib.SMTPException) as error:
            # The server's own words may name people.
            kind = type(error).__name__
            raise Unavailable(f"the mail server did not take a letter: {kind}") from None

    def _send(self, message: EmailMessage) -> None:
        chosen = self._settings
        host, port = chosen.smtp_host, chosen.smtp_port
        context = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_S, context=context)
            if chosen.smtp_security == "tls"
            else smtplib.SMTP(host, port, timeout=_TIMEOUT_S)
        ) as server:
            if chosen.smtp_security == "starttls":
                server.starttls(context=context)
            if chosen.smtp_user:
                server.login(chosen.smtp_user, chosen.smtp_password.get_secret_value())
            server.send_message(message)


def _message(letter: Letter, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or None)
    message.set_content(letter.text)
    return message
