"""What is wrong in a set: prices, quantities over the ordered ones, copies, missing papers.

Quantities and prices are compared article by article. Every line of the set's papers is given to
an ordered article; the sums over all papers of a role then stand against the ordered sum, so that
a tolerance holds for the set and not for each paper.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from matching_service.matcher.comparing import allowance
from matching_service.matcher.hungarian import best_assignment
from matching_service.matcher.items import SAME_ARTICLE, article_likeness, prices_near
from matching_service.matcher.normal import ONE_EDIT, number_similarity
from matching_service.matcher.profiles import ItemProfile, Profile
from matching_service.matcher.records import Role
from matching_service.matcher.rules import Check, Kind, Rule
from matching_service.matcher.sets import Discrepancy


class Article:
    """One ordered article of a set: its lines on the orders, and on the other papers."""

    def __init__(self) -> None:
        self.ordered: list[tuple[Profile, ItemProfile]] = []
        self.others: dict[str, list[ItemProfile]] = defaultdict(list)

    def likeness(self, item: ItemProfile) -> float:
        """How alike a line is to the lines that are known of this article."""
        known = [mine for _, mine in self.ordered]
        known += [mine for items in self.others.values() for mine in items]
        return max(article_likeness(mine, item) for mine in known)

    def name(self) -> str | None:
        """A stock number if one was read, else the description."""
        items = [mine for _, mine in self.ordered]
        items += [mine for name in sorted(self.others) for mine in self.others[name]]
        skus = [item.line.sku for item in items if item.line.sku]
        if skus:
            return max(sorted(set(skus)), key=skus.count)
        return next((item.line.description for item in items if item.line.description), None)

    @property
    def quantity(self) -> Decimal | None:
        """How many were ordered; None where a line's quantity was not read."""
        return _total(item for _, item in self.ordered)


def discrepancies(
    rule: Rule, profiles: Sequence[Profile], copies: Iterable[tuple[str, str]]
) -> tuple[Discrepancy, ...]:
    """List what is wrong in a set, in a fixed order."""
    papers = sorted(profiles, key=lambda one: one.order)
    twin_of = _twins(papers, copies)
    found = [*_duplicates(rule, twin_of), *_missing(rule, papers)]
    orders = [one for one in papers if one.role is Role.ORDER and one.record.id not in twin_of]
    others = [one for one in papers if one.role is not Role.ORDER]
    if orders and others:
        articles = _articles(orders, others)
        found += _prices(rule, articles, others)
        if _all_orders_known(orders, others):
            for kind in (Kind.OVER_DELIVERY, Kind.OVER_BILLING):
                found += _excess(rule.check(kind), articles, others, twin_of)
    return tuple(sorted(found, key=lambda one: (one.kind, one.item or "", one.documents)))


def _all_orders_known(orders: Sequence[Profile], others: Iterable[Profile]) -> bool:
    """Tell whether nothing ordered can be missing from the sum of several orders.

    It can where lines of one were lost, or where a paper names an order that is not there.
    """
    if len(orders) > 1 and any(order.is_whole is False for order in orders):
        return False
    numbers = [order.record.number for order in orders]
    return all(
        len(paper.record.order_refs) <= 1
        or all(max(number_similarity(ref, n) for n in numbers) >= ONE_EDIT for ref in refs)
        for paper in others
        for refs in [paper.record.order_refs]
    )


def _twins(papers: Sequence[Profile], copies: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Map each second copy to the paper it repeats, the earlier one."""
    place = {paper.record.id: at for at, paper in enumerate(papers)}
    found: dict[str, str] = {}
    for pair in copies:
        first, second = sorted(pair, key=place.__getitem__)
        found[second] = min(found.get(second, first), first, key=place.__getitem__)
    return found


def _duplicates(rule: Rule, twin_of: dict[str, str]) -> list[Discrepancy]:
    check = rule.check(Kind.DUPLICATE)
    if check is None:
        return []
    return [
        Discrepancy(Kind.DUPLICATE, None, tuple(sorted((one, other))), policy=check.policy)
        for one, other in sorted(twin_of.items())
    ]


def _missing(rule: Rule, papers: Sequence[Profile]) -> list[Discrepancy]:
    orders = [one.record.id for one in papers if one.role is Role.ORDER]
    bills = [one.record.id for one in papers if one.record.is_bill]
    deliveries = [one.record.id for one in papers if one.role is Role.DELIVERY]
    cases = {
        Kind.MISSING_DELIVERY: (orders and bills and not deliveries, orders + bills),
        Kind.MISSING_BILL: (orders and deliveries and not bills, orders + deliveries),
        Kind.MISSING_ORDER: (bills and not orders, bills),
    }
    return [
        Discrepancy(kind, None, tuple(sorted(names)), policy=check.policy)
        for kind, (is_missing, names) in cases.items()
        if is_missing and (check := rule.check(kind)) is not None
    ]


def _articles(orders: Sequence[Profile], others: Sequence[Profile]) -> list[Article]:
    """Join the orders' lines by article, and give them the lines of the other papers."""
    articles: list[Article] = []
    for order in orders:
        for item in order.items:
            near = [(article.likeness(item), -at) for at, article in enumerate(articles)]
            best = max(near, default=(0.0, 0))
            if best[0] >= 0.8:
                articles[-best[1]].ordered.append((order, item))
            else:
                articles.append(Article())
                articles[-1].ordered.append((order, item))
    # Surely known lines first, of all papers: they teach an article's other names.
    for least in (0.95, 0.78, SAME_ARTICLE):
        for paper in others:
            _give(paper, articles, least)
    return articles


def _give(paper: Profile, articles: list[Article], least: float) -> None:
    given = {id(one) for article in articles for one in article.others.get(paper.record.id, ())}
    waiting = [item for item in paper.items if id(item) not in given]
    if not waiting:
        return
    free = [a for a in articles if least >= 0.95 or paper.record.id not in a.others]
    weights = [
        [
            likeness + _figures(item, article)
            if (likeness := article.likeness(item)) >= least
            else 0
            for article in free
        ]
        for item in waiting
    ]
    if not free:
        return
    taken = best_assignment(weights)
    for at, column in enumerate(taken):
        if column is not None:
            free[column].others[paper.record.id].append(waiting[at])
        elif least >= 0.95 and max(weights[at]) > 0:
            # The same article on several lines of one paper.
            best = max(range(len(free)), key=lambda j: weights[at][j])
            free[best].others[paper.record.id].append(waiting[at])


def _figures(item: ItemProfile, article: Article) -> float:
    return max(
        0.1 * (item.quantity == mine.quantity) + 0.1 * bool(prices_near(item, mine))
        for _, mine in article.ordered
    )


def _prices(
    rule: Rule, articles: Iterable[Article], others: Iterable[Profile]
) -> list[Discrepancy]:
    check = rule.check(Kind.PRICE)
    if check is None:
        return []
    found = []
    bills = [one for one in others if one.record.is_bill]
    for article in articles:
        agreed = [item.unit_price for _, item in article.ordered if item.unit_price is not None]
        for bill in bills:
            prices = [
                item.unit_price
                for item in article.others.get(bill.record.id, ())
                if item.unit_price is not None
            ]
            off = [(price, near) for price in prices for near in [_nearest(price, agreed)]]
            wrong = [
                (price, near)
                for price, near in off
                if near is not None and _is_off(check, price, near)
            ]
            if wrong:
                names = {order.record.id for order, _ in article.ordered} | {bill.record.id}
                found.append(
                    Discrepancy(
                        Kind.PRICE,
                        article.name(),
                        tuple(sorted(names)),
                        expected=wrong[0][1],
                        actual=wrong[0][0],
                        policy=check.policy,
                    )
                )
    return found


def _nearest(price: Decimal, agreed: Sequence[Decimal]) -> Decimal | None:
    return min(agreed, key=lambda one: (abs(one - price), one), default=None)


def _is_off(check: Check, price: Decimal, agreed: Decimal) -> bool:
    return abs(price - agreed) > allowance(
        check.absolute or None, check.percent, check.mode, abs(agreed)
    )


def _excess(
    check: Check | None,
    articles: Iterable[Article],
    others: Sequence[Profile],
    twin_of: dict[str, str],
) -> list[Discrepancy]:
    if check is None:
        return []
    found = []
    for article in articles:
        ordered = article.quantity
        if ordered is None:
            continue
        total, names = Decimal(0), {order.record.id for order, _ in article.ordered}
        for paper in others:
            items = article.others.get(paper.record.id)
            sign = _sign(check.kind, paper)
            if not items or not sign:
                continue
            names.add(paper.record.id)
            if paper.record.id not in twin_of:
                total += sign * (_total(items) or Decimal(0))
        limit = ordered + allowance(check.absolute or None, check.percent, check.mode, ordered)
        if total > limit:
            found.append(
                Discrepancy(
                    check.kind,
                    article.name(),
                    tuple(sorted(names)),
                    expected=ordered,
                    actual=total,
                    policy=check.policy,
                )
            )
    return found


def _sign(kind: Kind, paper: Profile) -> int:
    """Whether a paper's quantities count for a kind of excess, or against it."""
    if kind is Kind.OVER_DELIVERY:
        return 1 if paper.role is Role.DELIVERY else 0
    if paper.role is Role.CREDIT:
        return -1
    return 1 if paper.record.is_bill else 0


def _total(items: Iterable[ItemProfile]) -> Decimal | None:
    quantities = [item.quantity for item in items]
    if not quantities or None in quantities:
        return None
    return sum((abs(one) for one in quantities if one is not None), Decimal(0))
