"""What the engine gives: sets of documents, each on its axes, with what is wrong in them."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from matching_service.matcher.rules import Kind, Policy


class Decision(StrEnum):
    """Who stands for a set."""

    SUGGESTED = "SUGGESTED"
    MATCHED = "MATCHED"
    CONFIRMED = "CONFIRMED"
    SINGLE = "SINGLE"


class Completeness(StrEnum):
    """Whether all papers of the purchase are there."""

    COMPLETE = "COMPLETE"
    PARTIAL = "PARTIAL"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that is wrong in a set.

    Attributes:
        item: Stock number or description of the article; None where it is about documents.
        documents: The documents concerned, in order.
        expected: What was agreed, such as the ordered quantity or price.
        actual: What was found.
    """

    kind: Kind
    item: str | None
    documents: tuple[str, ...]
    expected: Decimal | None = None
    actual: Decimal | None = None
    policy: Policy = Policy.REQUIRE_APPROVAL


@dataclass(frozen=True, slots=True)
class Join:
    """Why a document stands in its set: the pair that brought it in.

    Attributes:
        percent: The pair's score.
        margin: How far the best pair with another set is behind, in points.
        sure: Score, margin and coverage suffice to do without a person.
    """

    document: str
    partner: str
    percent: float
    margin: float
    sure: bool


@dataclass(frozen=True, slots=True)
class MatchSet:
    """Documents that belong together.

    Attributes:
        documents: Their ids, in order.
        score: The lowest score that holds it together.
        is_stale: A confirmed member was edited since.
        blocked: A discrepancy's policy stops the payment.
    """

    documents: tuple[str, ...]
    decision: Decision
    completeness: Completeness
    score: float
    joins: tuple[Join, ...] = ()
    discrepancies: tuple[Discrepancy, ...] = ()
    is_stale: bool = False
    truncated: bool = False

    @property
    def blocked(self) -> bool:
        """Tell whether a discrepancy stops the payment."""
        return any(one.policy is Policy.BLOCK for one in self.discrepancies)
