"""Children are heard in order, whole and to the end, whichever way the system offers."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from casepan.running.mailbox import CHUNK, Mailbox, Selected, Threaded, mailbox_for
from casepan.running.platform import Posix, Windows


@pytest.fixture(params=[Selected, Threaded])
def mailbox(request: pytest.FixtureRequest) -> Iterator[Mailbox]:
    """Both kinds."""
    made: Mailbox = request.param()
    yield made
    made.close()


class Speaker:
    """One end of a line; the mailbox has the other."""

    child: Any

    def __init__(self, mailbox: Mailbox) -> None:
        ours, theirs = os.pipe()
        self.child = object()
        self.hearing, self.speaking = os.fdopen(ours, "rb"), os.fdopen(theirs, "wb", buffering=0)
        mailbox.listen(self.child, self.hearing)

    def close(self) -> None:
        """Both ends, the child's first."""
        self.speaking.close()
        self.hearing.close()


@pytest.fixture
def speakers(mailbox: Mailbox) -> Iterator[tuple[Speaker, Speaker]]:
    """Two children."""
    made = Speaker(mailbox), Speaker(mailbox)
    yield made
    for speaker in made:
        speaker.close()


Speakers = tuple[Speaker, Speaker]


def heard(mailbox: Mailbox, count: int) -> list[Any]:
    """The next messages."""
    found = [mailbox.get(10.0) for _ in range(count)]
    return [one[1] for one in found if one is not None]


def test_a_message_in_pieces_is_heard_whole(mailbox: Mailbox, speakers: Speakers) -> None:
    """Whatever the pipe makes of it."""
    speaker = speakers[0]
    speaker.speaking.write(b'{"a":')
    assert mailbox.get(0.01) is None
    speaker.speaking.write(b' 1}\n{"b": 2}\n')
    assert heard(mailbox, 2) == [{"a": 1}, {"b": 2}]


def test_a_message_longer_than_the_pipe_is_heard_whole(mailbox: Mailbox, speakers: Speakers) -> None:
    """Facts of a case with many findings."""
    speaker, text = speakers[0], "x" * (3 * CHUNK)
    writer = threading.Thread(target=speaker.speaking.write, args=(f'{{"text": "{text}"}}\n'.encode(),))
    writer.start()
    message: Any = None
    while message is None:
        message = mailbox.get(10.0)
    writer.join()
    assert message[1] == {"text": text}


def test_the_end_is_heard_last_although_somebody_holds_the_line(mailbox: Mailbox, speakers: Speakers) -> None:
    """The line is still open in a grandchild; what the child itself said comes before its end."""
    first, second = speakers
    first.speaking.write(b'{"last": "words"}\n')
    mailbox.ended(first.child)
    assert heard(mailbox, 2) == [{"last": "words"}, None]
    second.speaking.write(b'{"still": "here"}\n')
    assert heard(mailbox, 1) == [{"still": "here"}]


def test_a_child_that_talks_nonsense_is_heard_no_more(mailbox: Mailbox, speakers: Speakers) -> None:
    """Its end comes all the same."""
    speaker = speakers[0]
    speaker.speaking.write(b"what?\n{}\n")
    assert mailbox.get(0.05) is None
    mailbox.ended(speaker.child)
    assert heard(mailbox, 1) == [None]


def test_an_end_before_or_behind_the_end_of_the_line_is_heard_once(mailbox: Mailbox, speakers: Speakers) -> None:
    """A closed line alone is no end."""
    speaker = speakers[0]
    speaker.speaking.close()
    assert mailbox.get(0.05) is None
    mailbox.ended(speaker.child)
    assert heard(mailbox, 1) == [None]
    assert mailbox.get(0.01) is None


def test_lines_are_waited_for_together_where_that_is_possible() -> None:
    """Not on Windows."""
    for system, kind in ((Posix(), Selected), (Windows(), Threaded)):
        found = mailbox_for(system)
        found.close()
        assert type(found) is kind
