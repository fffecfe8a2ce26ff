"""Rules as people write them, and records as they come: what is wrong is named by its line."""

import pytest

from hubkit.core.errors import InvalidArgument
from matching_service.reading import read_records
from matching_service.rule_files import RuleFileError, builtin_rules, builtin_text, parse_rules


def test_the_built_in_rules_are_read_as_they_are_exported() -> None:
    (rule,) = parse_rules(builtin_text())
    assert rule == builtin_rules()[0]
    gates = {one.id for link in rule.links for one in link.conditions if one.gate}
    assert gates == {"seller"}


@pytest.mark.parametrize(
    ("was", "put", "complaint"),
    [
        ("assignment: many", "assignment: some", "assignment must be one of one_to_one, many"),
        ("auto: 48", "auto: high", "auto must be a number"),
        ("auto: 48", "auto: 20", "review <= auto"),
        ("left: order_refs", "left: colour", "'colour' is no field"),
        ("compare: party", "compare: guess", "compare must be one of"),
        ("percent: 2}", "percents: 2}", "'percents' is not known here"),
        ("enabled: true", "enabled: perhaps", "enabled must be true or false"),
        ("measure: quantities", "measure: colours", "measure must be one of"),
        ("{0.84: 10,", "{1.84: 10,", "likeness from 0 to 1"),
        ("window_days: 90", "window_days: 0", "whole number from 1"),
    ],
)
def test_a_mistake_is_named_with_its_line(was: str, put: str, complaint: str) -> None:
    text = builtin_text()
    assert was in text
    line = text[: text.index(was)].count("\n") + 1
    with pytest.raises(RuleFileError) as caught:
        parse_rules(text.replace(was, put, 1))
    assert complaint in str(caught.value)
    named = int(str(caught.value).split(":")[0].removeprefix("line "))
    assert abs(named - line) <= 3


@pytest.mark.parametrize("text", ["", "rules: []", "rules: 3", "a: [", "- 1", "rules:\n  - id: x"])
def test_what_is_no_rule_file_is_refused(text: str) -> None:
    with pytest.raises(RuleFileError):
        parse_rules(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "line 1 is no JSON"),
        ("[]", "line 1 is no JSON object"),
        ('{"doc_id": "a"}', "line 1: doc_type"),
        ('{"doc_id": "a", "doc_type": "invoice", "lines": 3}', "lines must be a list"),
        ('{"doc_id": "a", "doc_type": "invoice", "total": [1]}', "total must be a number"),
    ],
)
def test_a_record_that_is_none_is_named_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(InvalidArgument, match=complaint.replace("[", r"\[")):
        list(read_records([text]))


def test_an_id_stands_there_once() -> None:
    line = '{"doc_id": "a", "doc_type": "invoice"}'
    with pytest.raises(InvalidArgument, match="line 3"):
        list(read_records([line, "", line]))


def test_dates_of_both_eras_and_numbers_are_read() -> None:
    text = (
        '{"doc_id": "a", "doc_type": "invoice", "issue_date": "9 ม.ค. 2568", "total": 10.10,'
        ' "received_at": "2025-01-10T10:00:00+07:00", "lines": [{"description": "x"}]}'
    )
    (record,) = read_records([text])
    assert record.issued is not None
    assert record.issued.isoformat() == "2025-01-09"
    assert str(record.total) == "10.10"
