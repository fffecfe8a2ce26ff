"""The rule model: which roles are compared on what, and what a score decides."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from matching_service.matcher.records import Role


class OnMissing(StrEnum):
    """What a condition does where a side has no value."""

    IGNORE = "ignore"  # out of both sums; coverage falls
    ZERO = "zero"  # no points of those it could have given
    FAIL = "fail"  # the pair does not match


class Algorithm(StrEnum):
    """How two texts are compared."""

    JARO_WINKLER = "jaro_winkler"
    LEVENSHTEIN = "levenshtein"
    TOKEN_SET = "token_set"  # noqa: S105 - the name of a metric
    TRIGRAM = "trigram"


class Step(StrEnum):
    """One step of bringing a text to comparable form."""

    FOLD = "fold"
    ALPHANUMERIC = "alphanumeric"
    LEGAL_FORM = "legal_form"
    LEADING_ZEROS = "leading_zeros"
    CONFUSABLES = "confusables"


class Mode(StrEnum):
    """How an absolute and a percent tolerance work together."""

    EITHER = "either"  # the greater one counts
    BOTH = "both"  # neither may be exceeded


class Direction(StrEnum):
    """Which differences count, seen from the right to the left."""

    ANY = "any"
    NOT_OVER = "not_over"
    NOT_UNDER = "not_under"


class Measure(StrEnum):
    """What is compared of aligned line items."""

    ARTICLES = "articles"
    QUANTITIES = "quantities"
    PRICES = "prices"


class Assignment(StrEnum):
    """How many documents of a role may stand beside one anchor."""

    ONE_TO_ONE = "one_to_one"
    MANY = "many"


class Policy(StrEnum):
    """What a discrepancy means for the payment."""

    ALLOW = "allow"
    REQUIRE_APPROVAL = "require_approval"
    BLOCK = "block"


class Kind(StrEnum):
    """What can be wrong with a set."""

    PRICE = "price_over_tolerance"
    OVER_DELIVERY = "over_delivery"
    OVER_BILLING = "over_billing"
    DUPLICATE = "duplicate"
    MISSING_DELIVERY = "missing_delivery"
    MISSING_ORDER = "missing_order"
    MISSING_BILL = "missing_bill"


@dataclass(frozen=True, slots=True)
class Exact:
    """Equal as they stand."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """Equal after the steps."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Alike as texts; symmetric."""

    algorithm: Algorithm
    steps: tuple[Step, ...] = (Step.FOLD,)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Alike as numbers: 1 inside the tolerance, falling to 0 at ten times of it.

    Percentages are of the right side, so that `direction` and `percent` ask "how far is the left
    from what was agreed on the right".
    """

    absolute: Decimal | None = None
    percent: Decimal | None = None
    mode: Mode = Mode.EITHER
    direction: Direction = Direction.ANY


@dataclass(frozen=True, slots=True)
class DateWindow:
    """The left date lies between so many days before and after the right one.

    The similarity is 1 on the right date and falls evenly to 0.5 at the edge of the window.
    """

    days_before: int
    days_after: int


@dataclass(frozen=True, slots=True)
class References:
    """A number of the right side is named on the left; sees look-alikes and one wrong character."""


@dataclass(frozen=True, slots=True)
class Party:
    """The same company by tax identifier and by name in any language; see `Directory`."""


@dataclass(frozen=True, slots=True)
class LineItems:
    """The share of the left side's lines that the right side has too.

    Lines are aligned one to one so that the whole likeness is greatest.
    """

    measure: Measure
    tolerance_percent: Decimal = Decimal(0)


Comparator = Exact | Normalised | Fuzzy | Tolerance | DateWindow | References | Party | LineItems


@dataclass(frozen=True, slots=True)
class Level:
    """From this similarity on, so many points."""

    at_least: float
    points: float


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that two documents are compared on.

    Attributes:
        left: The field of the left role's document, such as `order_refs`.
        right: The field of the right role's document.
        levels: From high to low; the first whose bound is reached gives its points, the last
            one's bound is 0. Points below 0 speak against the pair.
        gate: The pair fails where the similarity is 0.
        min_confidence: Fields read with less count as missing.
    """

    id: str
    left: str
    right: str
    comparator: Comparator
    levels: tuple[Level, ...]
    on_missing: OnMissing = OnMissing.IGNORE
    gate: bool = False
    min_confidence: float = 0.0
    max_points: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Note the most it can give, which is asked for with every pair."""
        object.__setattr__(self, "max_points", max((one.points for one in self.levels), default=0))

    def points(self, similarity: float) -> float:
        """The points of a similarity."""
        for level in self.levels:
            if similarity >= level.at_least:
                return level.points
        return 0.0


@dataclass(frozen=True, slots=True)
class Link:
    """How a document of one role is compared with one of another."""

    left: Role
    right: Role
    conditions: tuple[Condition, ...]
    max_points: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Note the most that all conditions give together."""
        object.__setattr__(self, "max_points", sum(one.max_points for one in self.conditions))


@dataclass(frozen=True, slots=True)
class RoleRule:
    """How many documents of a role a complete set has; `most` None for any number."""

    role: Role
    least: int = 0
    most: int | None = None
    anchor: bool = False


class KeyPart(StrEnum):
    """A part of a blocking key."""

    REFERENCE = "reference"
    VENDOR = "vendor"
    PERIOD = "period"
    TOTAL = "total"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class BlockingKey:
    """Documents that agree in all parts are compared; `cap` bounds the members of a role."""

    parts: tuple[KeyPart, ...]
    cap: int = 400


RIVAL: Final = 0.75
"""A pair without a number counts as a rival from this share of the threshold on."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a score decides, each in percent but the coverage.

    Attributes:
        auto: From here on a link stands without a person, where a number is named.
        auto_unnamed: The same without a number.
        review: From here on it is proposed, where one document names the other's number.
        unnamed: From here on it is proposed without a number.
        margin: How far the second best must be behind for `auto`.
        coverage: The share of all points that must have been in play for `auto`.
    """

    auto: float
    auto_unnamed: float
    review: float
    unnamed: float
    margin: float
    coverage: float

    def is_kept(self, percent: float, *, named: bool) -> bool:
        """Tell whether a pair is remembered: it may be proposed, or rival one that is."""
        return percent >= (self.review if named else RIVAL * self.unnamed)


@dataclass(frozen=True, slots=True)
class Check:
    """What is a discrepancy of a kind, and what it means."""

    kind: Kind
    policy: Policy = Policy.REQUIRE_APPROVAL
    percent: Decimal = Decimal(0)
    absolute: Decimal = Decimal(0)
    mode: Mode = Mode.EITHER


@dataclass(frozen=True, slots=True)
class Rule:
    """A matching rule.

    Attributes:
        window_days: How far apart two documents of one set may be dated.
        component_cap: The most documents that are assigned together.
    """

    id: str
    name: str
    name_th: str
    version: int
    roles: tuple[RoleRule, ...]
    keys: tuple[BlockingKey, ...]
    links: tuple[Link, ...]
    thresholds: Thresholds
    assignment: Assignment
    checks: tuple[Check, ...]
    window_days: int = 90
    component_cap: int = 2_000
    enabled: bool = True

    def link(self, left: Role, right: Role) -> Link | None:
        """The comparison of two roles in this order."""
        return next((one for one in self.links if (one.left, one.right) == (left, right)), None)

    def check(self, kind: Kind) -> Check | None:
        """How a kind of discrepancy is looked for; None where it is not."""
        return next((one for one in self.checks if one.kind is kind), None)


FIELDS: Final = frozenset(
    (
        *("number", "kind", "currency", "day", "subtotal", "tax", "total", "lines", "seller"),
        *("buyer", "seller_tax_id", "buyer_tax_id", "order_refs", "delivery_refs", "bill_refs"),
    )
)
"""The fields that conditions may name."""
