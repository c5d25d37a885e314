"""Options of notices: to whom, and how much they tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from attrs import frozen

from casepan.api import Duration, FilePath, Secret, option
from casepan_deliver.email_options import MailChannel


@frozen
class ChatChannel:
    """An incoming webhook of a chat, or any web address that takes JSON."""

    url: Secret = option(doc="address of the webhook; whoever knows it can post there, so it is a secret")
    style: Literal["json", "slack", "mattermost", "teams"] = option("json", "what the receiver understands")
    insecure: bool = option(False, "allow http:// to another machine")
    ca: FilePath | None = option(None, "certificates (PEM) of the authority to trust instead of the system's")
    timeout: Duration = option(Duration(15.0), "longest wait for an answer")


Channel = MailChannel | ChatChannel


def refuse_open_names(channel: Channel, *, names: bool) -> None:
    """Names of patients travel encrypted or not at all.

    Raises:
        ValueError: `names` is allowed for a channel that everybody on the way can read.
    """
    if names and isinstance(channel, MailChannel) and not channel.certificates:
        raise ValueError("`names` needs encrypted mails: give the recipients' `certificates`, or leave it out")
    if names and isinstance(channel, ChatChannel) and channel.insecure:
        raise ValueError("`names` needs an encrypted way: leave out `insecure`")


@frozen
class NotifyOptions:
    """Options of ``deliver.notify``: a notice about each case."""

    channel: MailChannel | ChatChannel = option(doc="`{ server, to }` for mail, `{ url, style }` for a chat")
    say: Literal["auto", "ready", "held", "rush"] = option(
        "auto", "what the notice says; `auto`: rush, else ready or held by what the checks say"
    )
    names: bool = option(False, "name the patient; needs encrypted mails, or a chat that the lab may tell names")

    def __attrs_post_init__(self) -> None:
        refuse_open_names(self.channel, names=self.names)

    def not_carried(self) -> Iterator[str]:
        """What stays at home whatever the case is, see ``ExporterSpec``."""
        yield from () if self.names else ("the patient's name (`names = false`)",)


@frozen
class NoticesOptions:
    """Options of ``deliver.notices``: what is told at once about the whole laboratory, and the morning digest."""

    channel: MailChannel | ChatChannel = option(doc="`{ server, to }` for mail, `{ url, style }` for a chat")
    tell: tuple[Literal["failed", "quarantine"], ...] = option(
        ("failed", "quarantine"),
        "`failed`: a delivery that failed for good or waits for a person; `quarantine`: what could not be processed",
    )
    names: bool = option(False, "allow a digest that names patients; needs encrypted mails or an encrypted chat")

    def __attrs_post_init__(self) -> None:
        refuse_open_names(self.channel, names=self.names)
