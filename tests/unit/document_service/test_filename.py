import pytest
from hypothesis import given
from hypothesis import strategies as st

from document_service.domain.filename import MAX_CHARACTERS, UNNAMED, display_name
from hubkit.core.errors import InvalidArgument


@pytest.mark.parametrize(
    "name",
    [
        "bill.pdf",
        "ใบกำกับภาษี 2567.pdf",
        "สลิป (1).JPG",
        "ก\u0e33.pdf",
        "naïve cafe\u0301.png",
        "👨‍👩‍👧.png",
        "=cmd|'calc'.pdf",
        "<script>alert(1).pdf",
        "'; drop table document; --.pdf",
        "%2e%2e%2fbill.pdf",
        "CON",
        ".hidden",
        "a" * MAX_CHARACTERS,
    ],
)
def test_showable_name_comes_back_unchanged(name: str) -> None:
    assert display_name(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\bill.pdf", "bill.pdf"),
        ("\\\\server\\share\\bill.pdf", "bill.pdf"),
        ("/bill.pdf", "bill.pdf"),
        ("folder/", "folder"),
        ("bill\0.pdf", "bill.pdf"),
        ("bill.pdf\r\nSet-Cookie: a=b", "bill.pdfSet-Cookie: a=b"),
        ("bill\u202efdp.exe", "billfdp.exe"),
        ("bill\u200b\ufeff.pdf", "bill.pdf"),
        ("a\u2028b.pdf", "ab.pdf"),
        ("\x1b[31mbill.pdf", "[31mbill.pdf"),
        ("  bill.pdf  ", "bill.pdf"),
        ("..", UNNAMED),
        ("/", UNNAMED),
        (" \t ", UNNAMED),
        ("\u202e", UNNAMED),
    ],
)
def test_folders_and_invisible_characters_go(name: str, shown: str) -> None:
    assert display_name(name) == shown


@pytest.mark.parametrize("name", ["", "a" * (MAX_CHARACTERS + 1)])
def test_name_of_no_or_too_many_characters_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        display_name(name)
    assert refused.value.field == "filename"


@given(st.text(min_size=1, max_size=MAX_CHARACTERS))
def test_any_name_is_shown_safely_and_shown_the_same_again(name: str) -> None:
    shown = display_name(name)
    assert shown
    assert not set(shown) & set("/\\\0\r\n\u202e\u2028")
    assert display_name(shown) == shown
