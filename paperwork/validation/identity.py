"""Do identifiers and dates hold: tax id check digits, the order of dates."""

from collections.abc import Mapping
from datetime import date, timedelta

from paperwork.readings import Finding, Severity, Value
from paperwork.values.parties import parse_tax_id


def check_tax_ids(values: Mapping[str, Value]) -> list[Finding]:
    """Report Thai 13-digit tax ids whose check digit is wrong."""
    findings = []
    for key in ("seller_tax_id", "buyer_tax_id"):
        value = values.get(key)
        tax_id = parse_tax_id(value) if isinstance(value, str) else None
        if tax_id is not None and tax_id.scheme == "TH" and not tax_id.proven:
            findings.append(
                Finding(
                    "th.tin.checksum",
                    Severity.ERROR,
                    f"The tax id {tax_id.value} has a wrong check digit; one digit is misread "
                    "or mistyped.",
                    f"เลขประจำตัวผู้เสียภาษี {tax_id.value} มีหลักตรวจสอบไม่ถูกต้อง อาจอ่านหรือพิมพ์ผิด",
                    (key,),
                )
            )
    return findings


def check_dates(values: Mapping[str, Value], today: date) -> list[Finding]:
    """Report an issue date in the future and a due date before the issue date."""
    issued, due = values.get("issue_date"), values.get("due_date")
    findings = []
    if isinstance(issued, date) and issued > today + timedelta(days=1):
        findings.append(
            Finding(
                "date.future",
                Severity.WARNING,
                f"The issue date {issued.isoformat()} lies in the future; check day and month.",
                f"วันที่เอกสาร {issued.isoformat()} เป็นวันในอนาคต โปรดตรวจสอบวันและเดือน",
                ("issue_date",),
            )
        )
    if isinstance(issued, date) and isinstance(due, date) and due < issued:
        findings.append(
            Finding(
                "date.order",
                Severity.WARNING,
                f"The due date {due.isoformat()} is before the issue date {issued.isoformat()}.",
                f"วันครบกำหนด {due.isoformat()} อยู่ก่อนวันที่เอกสาร {issued.isoformat()}",
                ("due_date", "issue_date"),
            )
        )
    return findings
