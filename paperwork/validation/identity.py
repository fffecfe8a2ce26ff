"""Do identifiers and dates hold: tax ids, VAT numbers, branches, the order of dates."""

from collections.abc import Mapping
from datetime import date, timedelta

from paperwork.readings import Finding, Severity, Value
from paperwork.validation.context import is_thai, may_be_thai
from paperwork.values.parties import has_legal_form, is_vat_number, parse_tax_id

_PARTIES = ("seller", "buyer")
OLD_AFTER = timedelta(days=3653)


def check_tax_ids(values: Mapping[str, Value]) -> list[Finding]:
    """Report Thai 13-digit tax ids whose check digit is wrong."""
    findings: list[Finding] = []
    if not may_be_thai(values):
        return findings
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


def check_tax_id_forms(values: Mapping[str, Value]) -> list[Finding]:
    """Report Thai tax ids of another length or of a kind that does not exist or fit the name."""
    findings = []
    for party in _PARTIES if is_thai(values) else ():
        key, value, name = (
            f"{party}_tax_id",
            values.get(f"{party}_tax_id"),
            values.get(f"{party}_name"),
        )
        if not isinstance(value, str) or not value.isdecimal():
            continue
        if len(value) != 13:
            old = len(value) == 10
            findings.append(
                Finding(
                    "th.tin.format",
                    Severity.WARNING,
                    f"The tax id {value} has {len(value)} digits; "
                    + ("this is the form used before 2012." if old else "a Thai one has 13."),
                    f"เลขประจำตัวผู้เสียภาษี {value} มี {len(value)} หลัก "
                    + ("เป็นรูปแบบเดิมก่อนปี 2555" if old else "ควรมี 13 หลัก"),
                    (key,),
                )
            )
        elif value[0] == "9" or (
            value[0] != "0" and isinstance(name, str) and "จำกัด" in name and has_legal_form(name)
        ):
            findings.append(
                Finding(
                    "th.tin.kind",
                    Severity.WARNING,
                    f"The tax id {value} is not one of a company; those begin with 0.",
                    f"เลขประจำตัวผู้เสียภาษี {value} ไม่ใช่ของนิติบุคคล ซึ่งขึ้นต้นด้วย 0",
                    (key, f"{party}_name"),
                )
            )
    return findings


def check_vat_numbers(values: Mapping[str, Value]) -> list[Finding]:
    """Report European VAT numbers whose check digits are wrong."""
    findings = []
    for party in _PARTIES:
        key, value = f"{party}_tax_id", values.get(f"{party}_tax_id")
        tax_id = parse_tax_id(value) if isinstance(value, str) else None
        if tax_id is None or tax_id.scheme != "VAT" or tax_id.value[:2] in ("GB", "NO"):
            continue
        if not is_vat_number(tax_id.value):
            findings.append(
                Finding(
                    "eu.vat.checksum",
                    Severity.WARNING,
                    f"The VAT number {tax_id.value} has wrong check digits; one digit may be"
                    " misread.",
                    f"เลขทะเบียนภาษี {tax_id.value} มีหลักตรวจสอบไม่ถูกต้อง อาจอ่านผิดหนึ่งหลัก",
                    (key,),
                )
            )
    return findings


def check_branches(values: Mapping[str, Value]) -> list[Finding]:
    """Report branches that are not five digits."""
    return [
        Finding(
            "th.branch",
            Severity.WARNING,
            f"The branch {value} is not five digits; the head office is 00000.",
            f"รหัสสาขา {value} ไม่ใช่ตัวเลข 5 หลัก สำนักงานใหญ่คือ 00000",
            (key,),
        )
        for key in ("seller_branch", "buyer_branch")
        if isinstance(value := values.get(key), str)
        and not (len(value) == 5 and value.isascii() and value.isdecimal())
    ]


def check_dates(values: Mapping[str, Value], today: date) -> list[Finding]:
    """Report an issue date in the future or long ago, and a due date before it."""
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
    if isinstance(issued, date) and issued < today - OLD_AFTER:
        findings.append(
            Finding(
                "date.old",
                Severity.WARNING,
                f"The issue date {issued.isoformat()} is more than ten years ago; check the year.",
                f"วันที่เอกสาร {issued.isoformat()} เกินสิบปีมาแล้ว โปรดตรวจสอบปี",
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
