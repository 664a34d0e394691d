"""Files are fetched, whatever else a message leads to is not."""

import pytest

from onsite.core.media.wanted import KINDS, is_wanted
from onsite.core.model import Attachment, AttachmentKind

FACEBOOKS = "https://scontent.xx.fbcdn.net/v/1.jpg"


@pytest.mark.parametrize("kind", AttachmentKind)
def test_of_all_kinds_those_that_are_files_are_fetched(kind: AttachmentKind) -> None:
    assert is_wanted(Attachment(kind, url=FACEBOOKS)) == (kind in KINDS)
    assert is_wanted(Attachment(kind, file_id="AgACAgQ")) == (kind in KINDS)


def test_the_kinds_that_are_fetched() -> None:
    named = "image audio voice video video_note animation file sticker"

    assert {str(kind) for kind in KINDS} == set(named.split())


@pytest.mark.parametrize(
    "attachment",
    [
        pytest.param(Attachment(AttachmentKind.IMAGE), id="nothing to fetch it by"),
        pytest.param(Attachment(AttachmentKind.IMAGE, url="https://example.com/1.jpg"), id="somebody else's server"),
    ],
)
def test_a_file_that_nothing_leads_to_is_not_fetched(attachment: Attachment) -> None:
    assert not is_wanted(attachment)
