"""Which tag stands in which document or structure: FFD 1.05 whole, 1.1 and 1.2 as what they change.

A row says the obligation in the electronic and in the printed form: 1 mandatory, 2 mandatory in certain cases and
optional otherwise, 3 optional, 0 not part of that form. Behind it may stand

    ?   the row rests on one source: a missing tag is a warning then
    s   the condition of a 2 is known from vendors and reference texts only     a condition that rests on these is
    i   the condition of a 2 is an inference                                    checked, and warned about
    @   the day from which the row holds

"-" takes the tag out of an edition. A condition without a letter is in a note of the order; 1.1 and 1.2 are taken to
mean the same by it as 1.05.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import msgspec

from ffd.enums import Edition

__all__ = [
    "BUYER_REFERENCE",
    "CLAUSES",
    "Basis",
    "Presence",
    "Supplier",
    "clause",
    "edition_of",
    "rows",
    "supplier",
]

Table = dict[int, dict[int, str]]
BUYER_REFERENCE = 0  # key of what a buyer is told instead of a whole receipt: a message, no document


# Tables of the order (ЕД-7-20/662@, annex 2) that the rows of a form or structure come from: 1.05, 1.1, 1.2.
CLAUSES: dict[int, tuple[str, str, str]] = {
    1: ("15", "49", "87"),
    11: ("15, 16", "49, 50", "87, 88"),
    2: ("18", "56", "94"),
    21: ("19", "57", "95"),
    3: ("20", "58", "96"),
    4: ("20", "58", "96"),
    31: ("27", "65", "120"),
    41: ("27", "65", "120"),
    5: ("30", "68", "123"),
    6: ("31", "69", "124"),
    7: ("32", "70", "125"),
    81: ("", "", "127"),
    82: ("", "", "128"),
    83: ("", "", "131"),
    84: ("", "", "133"),
    BUYER_REFERENCE: ("45", "83", "148"),
    1059: ("21", "59", "97"),
    1068: ("33", "", ""),
    1084: ("10", "10", "10"),
    1115: ("11.2", "11.2", "11.2"),
    1119: ("11.1", "11.1", "11.1"),
    1129: ("", "52", "90"),
    1130: ("", "52", "90"),
    1131: ("", "52", "90"),
    1132: ("", "52", "90"),
    1133: ("", "53", "91"),
    1145: ("", "54", "92"),
    1146: ("", "54", "92"),
    1157: ("", "51", "89"),
    1158: ("", "53", "91"),
    1163: ("", "", "117"),
    1174: ("29", "67", "122"),
    1194: ("", "51", "89"),
    1223: ("22", "60", "98"),
    1224: ("23", "61", "99"),
    1232: ("", "54", "92"),
    1233: ("", "54", "92"),
    1234: ("11.4", "11.4", "11.4"),
    1235: ("11.3", "11.3", "11.3"),
    1256: ("", "", "115"),
    1260: ("", "", "102"),
    1261: ("", "", "102"),
    1270: ("", "", "119"),
    1291: ("", "", "150"),
    2007: ("", "", "130"),
}


def clause(container: int, edition: int) -> str:
    """The table of the order behind the rows of a form or structure: "table 96"; empty when the edition has none."""
    tables = CLAUSES[container][edition - Edition.FFD_1_05]
    return f"table {tables}" if tables else ""


class Basis(StrEnum):
    """What a condition is known from."""

    ORDER = ""
    SECONDARY = "s"
    INFERRED = "i"


class Presence(msgspec.Struct, frozen=True):
    """How much a tag belongs to a document or structure of an edition."""

    electronic: int
    printed: int
    weak: bool = False
    basis: Basis = Basis.ORDER
    since: str = ""

    @property
    def condition_is_weak(self) -> bool:
        """Whether a condition of this row is no more than a warning."""
        return self.weak or self.basis is not Basis.ORDER


class Supplier(StrEnum):
    """Who gives a tag its value. The first three fill a document one after the other."""

    HOST = "host"
    REGISTER = "register"
    DRIVE = "drive"
    OPERATOR = "operator"
    MARKING_SYSTEM = "marking system"


# fmt: off
# What the drive adds by itself when it forms a document, and what only it can know.
_DRIVE = frozenset((
    1018, 1037, 1038, 1040, 1041, 1042, 1050, 1051, 1052, 1053, 1077, 1097, 1098, 1111, 1116, 1118,
    1157, 1158, 1190, 1194, 1206, 1213, 2001, 2002, 2004, 2040, 2104, 2106, 2107, 2112, 2113, 2115,
    2116,
))
# What the register takes from its settings and its clock, or adds up.
_REGISTER = frozenset((
    1001, 1002, 1009, 1011, 1012, 1013, 1017, 1020, 1036, 1046, 1048, 1056, 1057, 1060, 1062, 1102,
    1103, 1104, 1105, 1106, 1107, 1108, 1109, 1110, 1115, 1117, 1119, 1120, 1126, 1187, 1188, 1189,
    1193, 1198, 1200, 1207, 1209, 1221, 1274, 1275, 1276, 1277, 1278, 1279, 1280, 1281, 1282, 1283,
    1290, 2102, 2108, 2114,
))
# What a registration is about: the host tells the register what to be registered as.
_REGISTERED = frozenset((
    1001, 1002, 1009, 1017, 1018, 1036, 1037, 1046, 1048, 1056, 1057, 1060, 1062, 1108, 1109, 1110,
    1117, 1126, 1187, 1193, 1207, 1221, 1290,
))
# What the host says about a marking code; the drive makes the request of it.
_ASKED = frozenset((1023, 1291, 1293, 1294, 2000, 2003, 2108))
# fmt: on


def supplier(tag: int, form: int = 3) -> Supplier:
    """Who supplies a tag in a document of that form code; what nobody else supplies is the host's."""
    match form:
        case 7:
            return Supplier.OPERATOR
        case 83 | 84:
            return Supplier.MARKING_SYSTEM
        case 82:
            return Supplier.DRIVE
        case 81:
            return Supplier.HOST if tag in _ASKED else Supplier.DRIVE
        case 1 | 11 if tag in _REGISTERED:
            return Supplier.HOST
    if tag in _DRIVE:
        return Supplier.DRIVE
    return Supplier.REGISTER if tag in _REGISTER else Supplier.HOST


def edition_of(version: int | None) -> int:
    """The edition whose tables to use for a value of tag 1209; unknown ones count as the newest."""
    return version if version in (Edition.FFD_1_05, Edition.FFD_1_1) else Edition.FFD_1_2


@cache
def rows(container: int, edition: int) -> dict[int, Presence]:
    """Tag and presence for a form code or structure tag in an edition (2, 3 or 4), in the order of the tables."""
    found = dict(FFD_1_05.get(container, {}))
    for changes, first in ((CHANGES_1_1, Edition.FFD_1_1), (CHANGES_1_2, Edition.FFD_1_2)):
        if edition >= first:
            found.update(changes.get(container, {}))
    return {tag: _presence(words) for tag, words in found.items() if words != "-"}


def _presence(words: str) -> Presence:
    codes, _, since = words.partition("@")
    basis = Basis(codes[-1]) if codes[-1] in "si" else Basis.ORDER
    return Presence(int(codes[0]), int(codes[1]), "?" in codes, basis, since)


FFD_1_05: Table = {
    1: {  # registration_report
        1000: "01",  # document_title
        1209: "10",  # ffd_version
        1048: "11",  # user_name
        1018: "11",  # user_inn
        1062: "33",  # tax_systems
        1012: "11",  # document_datetime
        1037: "11",  # register_registration_number
        1002: "11",  # offline_mode_flag
        1221: "11",  # printer_in_machine_flag
        1110: "11",  # bso_system_flag
        1056: "11",  # encryption_flag
        1001: "11",  # automatic_mode_flag
        1108: "11",  # internet_only_register_flag
        1036: "22",  # machine_number
        1207: "33",  # excise_goods_flag
        1213: "33",  # fiscal_key_days_left
        1109: "33",  # services_only_flag
        1193: "33",  # gambling_flag
        1126: "33",  # lottery_flag
        1057: "33",  # agent_flags
        1013: "11",  # register_serial_number
        1021: "11",  # cashier_name
        1203: "30",  # cashier_inn
        1009: "11",  # settlement_address
        1187: "11",  # settlement_place
        1060: "22",  # tax_authority_website
        1117: "22",  # receipt_sender_email
        1017: "22",  # ofd_inn
        1046: "22",  # ofd_name
        1188: "11",  # register_model_version
        1189: "11",  # register_ffd_version
        1190: "33",  # fiscal_drive_ffd_version
        1040: "11",  # fiscal_document_number
        1041: "11",  # fiscal_drive_number
        1077: "11",  # document_fiscal_sign
    },
    2: {  # shift_open_report
        1000: "02",  # document_title
        1209: "10",  # ffd_version
        1048: "02",  # user_name
        1018: "12",  # user_inn
        1021: "22",  # cashier_name
        1203: "30",  # cashier_inn
        1009: "02",  # settlement_address
        1187: "02",  # settlement_place
        1012: "12",  # document_datetime
        1038: "12",  # shift_number
        1037: "12",  # register_registration_number
        1053: "33",  # ofd_response_timeout_flag
        1051: "33",  # fiscal_drive_urgent_replacement_flag
        1052: "33",  # fiscal_drive_memory_full_flag
        1050: "33",  # fiscal_drive_exhaustion_flag
        1188: "12",  # register_model_version
        1189: "12",  # register_ffd_version
        1040: "12",  # fiscal_document_number
        1041: "12",  # fiscal_drive_number
        1077: "12",  # document_fiscal_sign
    },
    3: {  # receipt
        1000: "01",  # document_title
        1209: "10",  # ffd_version
        1048: "31",  # user_name
        1018: "31",  # user_inn
        1227: "33",  # buyer_name
        1228: "33",  # buyer_inn
        1042: "10",  # receipt_number_in_shift
        1012: "11",  # document_datetime
        1038: "10",  # shift_number
        1054: "11",  # operation_type
        1055: "13",  # applied_tax_system
        1021: "22",  # cashier_name
        1203: "30",  # cashier_inn
        1037: "11",  # register_registration_number
        1036: "22",  # machine_number
        1009: "21",  # settlement_address
        1187: "21",  # settlement_place
        1008: "23",  # buyer_contact
        1059: "11",  # item
        1020: "11",  # receipt_total
        1031: "12",  # cash_total
        1081: "12",  # cashless_total
        1234: "30s@2025-09-01",  # cashless_payments
        1215: "12",  # prepayment_total
        1216: "12",  # credit_total
        1217: "12",  # barter_total
        1102: "22",  # receipt_vat_20_amount
        1103: "22",  # receipt_vat_10_amount
        1104: "22",  # receipt_vat_0_turnover
        1105: "22",  # receipt_no_vat_turnover
        1106: "22",  # receipt_vat_20_120_amount
        1107: "22",  # receipt_vat_10_110_amount
        1115: "22s@2025-01-01",  # receipt_vat_amounts
        1108: "30",  # internet_only_register_flag
        1125: "20s@2025-09-01",  # internet_settlement_flag
        1117: "20",  # receipt_sender_email
        1057: "22",  # agent_flags
        1075: "32",  # transfer_operator_phone
        1044: "22",  # payment_agent_operation
        1073: "32",  # payment_agent_phone
        1074: "32",  # payment_acceptance_operator_phone
        1026: "22",  # transfer_operator_name
        1005: "22",  # transfer_operator_address
        1016: "22",  # transfer_operator_inn
        1171: "32",  # supplier_phone
        1060: "23",  # tax_authority_website
        1192: "33",  # receipt_extra_attribute
        1084: "33",  # user_attribute
        1040: "11",  # fiscal_document_number
        1041: "11",  # fiscal_drive_number
        1077: "11",  # document_fiscal_sign
        1196: "01",  # qr_code
    },
    4: {  # bso_receipt
        1000: "01",  # document_title
        1209: "10",  # ffd_version
        1048: "31",  # user_name
        1018: "31",  # user_inn
        1227: "33",  # buyer_name
        1228: "33",  # buyer_inn
        1042: "10",  # receipt_number_in_shift
        1012: "11",  # document_datetime
        1038: "10",  # shift_number
        1054: "11",  # operation_type
        1055: "13",  # applied_tax_system
        1021: "22",  # cashier_name
        1203: "30",  # cashier_inn
        1037: "11",  # register_registration_number
        1036: "22",  # machine_number
        1009: "21",  # settlement_address
        1187: "21",  # settlement_place
        1008: "23",  # buyer_contact
        1059: "11",  # item
        1020: "11",  # receipt_total
        1031: "12",  # cash_total
        1081: "12",  # cashless_total
        1234: "30s@2025-09-01",  # cashless_payments
        1215: "12",  # prepayment_total
        1216: "12",  # credit_total
        1217: "12",  # barter_total
        1102: "22",  # receipt_vat_20_amount
        1103: "22",  # receipt_vat_10_amount
        1104: "22",  # receipt_vat_0_turnover
        1105: "22",  # receipt_no_vat_turnover
        1106: "22",  # receipt_vat_20_120_amount
        1107: "22",  # receipt_vat_10_110_amount
        1115: "22s@2025-01-01",  # receipt_vat_amounts
        1108: "30",  # internet_only_register_flag
        1125: "20s@2025-09-01",  # internet_settlement_flag
        1117: "20",  # receipt_sender_email
        1057: "22",  # agent_flags
        1075: "32",  # transfer_operator_phone
        1044: "22",  # payment_agent_operation
        1073: "32",  # payment_agent_phone
        1074: "32",  # payment_acceptance_operator_phone
        1026: "22",  # transfer_operator_name
        1005: "22",  # transfer_operator_address
        1016: "22",  # transfer_operator_inn
        1171: "32",  # supplier_phone
        1060: "23",  # tax_authority_website
        1192: "33",  # receipt_extra_attribute
        1084: "33",  # user_attribute
        1040: "11",  # fiscal_document_number
        1041: "11",  # fiscal_drive_number
        1077: "11",  # document_fiscal_sign
        1196: "01",  # qr_code
    },
    5: {  # shift_close_report
        1000: "02",  # document_title
        1209: "10",  # ffd_version
        1048: "02",  # user_name
        1018: "12",  # user_inn
        1021: "22",  # cashier_name
        1203: "30",  # cashier_inn
        1009: "02",  # settlement_address
        1187: "02",  # settlement_place
        1012: "12",  # document_datetime
        1038: "12",  # shift_number
        1037: "12",  # register_registration_number
        1118: "12",  # shift_receipt_count
        1111: "12",  # shift_document_count
        1097: "22",  # unsent_document_count
        1098: "22",  # first_unsent_document_date
        1053: "22",  # ofd_response_timeout_flag
        1051: "22",  # fiscal_drive_urgent_replacement_flag
        1052: "22",  # fiscal_drive_memory_full_flag
        1050: "22",  # fiscal_drive_exhaustion_flag
        1213: "33",  # fiscal_key_days_left
        1040: "12",  # fiscal_document_number
        1041: "12",  # fiscal_drive_number
        1077: "12",  # document_fiscal_sign
    },
    6: {  # fiscal_drive_close_report
        1000: "01",  # document_title
        1209: "10",  # ffd_version
        1048: "11",  # user_name
        1018: "11",  # user_inn
        1021: "22",  # cashier_name
        1203: "30",  # cashier_inn
        1009: "22",  # settlement_address
        1187: "22",  # settlement_place
        1012: "11",  # document_datetime
        1038: "11",  # shift_number
        1037: "11",  # register_registration_number
        1040: "11",  # fiscal_document_number
        1041: "11",  # fiscal_drive_number
        1077: "11",  # document_fiscal_sign
    },
    7: {  # operator_confirmation
        1000: "03",  # document_title
        1017: "13",  # ofd_inn
        1041: "13",  # fiscal_drive_number
        1040: "13",  # fiscal_document_number
        1012: "13",  # document_datetime
        1068: "20",  # operator_message_to_drive
        1078: "13",  # operator_fiscal_sign
    },
    11: {  # registration_change_report
        1000: "01",  # document_title
        1209: "10",  # ffd_version
        1048: "11",  # user_name
        1018: "11",  # user_inn
        1062: "33",  # tax_systems
        1012: "11",  # document_datetime
        1037: "11",  # register_registration_number
        1002: "11",  # offline_mode_flag
        1221: "11",  # printer_in_machine_flag
        1110: "11",  # bso_system_flag
        1056: "11",  # encryption_flag
        1001: "11",  # automatic_mode_flag
        1108: "11",  # internet_only_register_flag
        1036: "22",  # machine_number
        1207: "33",  # excise_goods_flag
        1213: "33",  # fiscal_key_days_left
        1109: "33",  # services_only_flag
        1193: "33",  # gambling_flag
        1126: "33",  # lottery_flag
        1057: "33",  # agent_flags
        1013: "11",  # register_serial_number
        1021: "11",  # cashier_name
        1203: "30",  # cashier_inn
        1009: "11",  # settlement_address
        1187: "11",  # settlement_place
        1060: "22",  # tax_authority_website
        1117: "22",  # receipt_sender_email
        1017: "22",  # ofd_inn
        1046: "22",  # ofd_name
        1188: "11",  # register_model_version
        1189: "11",  # register_ffd_version
        1190: "33",  # fiscal_drive_ffd_version
        1040: "11",  # fiscal_document_number
        1041: "11",  # fiscal_drive_number
        1077: "11",  # document_fiscal_sign
        1101: "22",  # reregistration_reason_code
    },
    21: {  # settlements_state_report
        1000: "01",  # document_title
        1209: "10",  # ffd_version
        1048: "01",  # user_name
        1018: "11",  # user_inn
        1009: "01",  # settlement_address
        1187: "01",  # settlement_place
        1012: "11",  # document_datetime
        1038: "22",  # shift_number
        1002: "22",  # offline_mode_flag
        1116: "22",  # first_unsent_document_number
        1097: "22",  # unsent_document_count
        1098: "22",  # first_unsent_document_date
        1037: "11",  # register_registration_number
        1040: "11",  # fiscal_document_number
        1041: "11",  # fiscal_drive_number
        1077: "11",  # document_fiscal_sign
    },
    31: {  # correction_receipt
        1000: "01",  # document_title
        1209: "10",  # ffd_version
        1048: "31",  # user_name
        1018: "31",  # user_inn
        1227: "33",  # buyer_name
        1228: "33",  # buyer_inn
        1042: "10",  # receipt_number_in_shift
        1012: "11",  # document_datetime
        1038: "10",  # shift_number
        1054: "11",  # operation_type
        1055: "13",  # applied_tax_system
        1021: "22",  # cashier_name
        1203: "30",  # cashier_inn
        1037: "11",  # register_registration_number
        1173: "33",  # correction_type
        1174: "11",  # correction_basis
        1036: "33",  # machine_number
        1009: "21",  # settlement_address
        1187: "21",  # settlement_place
        1008: "33",  # buyer_contact
        1059: "33",  # item
        1020: "11",  # receipt_total
        1031: "12",  # cash_total
        1081: "12",  # cashless_total
        1215: "12",  # prepayment_total
        1216: "12",  # credit_total
        1217: "12",  # barter_total
        1102: "22",  # receipt_vat_20_amount
        1103: "22",  # receipt_vat_10_amount
        1104: "22",  # receipt_vat_0_turnover
        1105: "22",  # receipt_no_vat_turnover
        1106: "22",  # receipt_vat_20_120_amount
        1107: "22",  # receipt_vat_10_110_amount
        1115: "22s@2025-01-01",  # receipt_vat_amounts
        1108: "30",  # internet_only_register_flag
        1125: "20s@2025-09-01",  # internet_settlement_flag
        1117: "30",  # receipt_sender_email
        1057: "33",  # agent_flags
        1075: "33",  # transfer_operator_phone
        1044: "33",  # payment_agent_operation
        1073: "33",  # payment_agent_phone
        1074: "33",  # payment_acceptance_operator_phone
        1026: "33",  # transfer_operator_name
        1005: "33",  # transfer_operator_address
        1016: "33",  # transfer_operator_inn
        1171: "33",  # supplier_phone
        1060: "33",  # tax_authority_website
        1192: "33",  # receipt_extra_attribute
        1084: "33",  # user_attribute
        1040: "11",  # fiscal_document_number
        1041: "11",  # fiscal_drive_number
        1077: "11",  # document_fiscal_sign
        1196: "03",  # qr_code
    },
    41: {  # bso_correction_receipt
        1000: "01",  # document_title
        1209: "10",  # ffd_version
        1048: "31",  # user_name
        1018: "31",  # user_inn
        1227: "33",  # buyer_name
        1228: "33",  # buyer_inn
        1042: "10",  # receipt_number_in_shift
        1012: "11",  # document_datetime
        1038: "10",  # shift_number
        1054: "11",  # operation_type
        1055: "13",  # applied_tax_system
        1021: "22",  # cashier_name
        1203: "30",  # cashier_inn
        1037: "11",  # register_registration_number
        1173: "33",  # correction_type
        1174: "11",  # correction_basis
        1036: "33",  # machine_number
        1009: "21",  # settlement_address
        1187: "21",  # settlement_place
        1008: "33",  # buyer_contact
        1059: "33",  # item
        1020: "11",  # receipt_total
        1031: "12",  # cash_total
        1081: "12",  # cashless_total
        1215: "12",  # prepayment_total
        1216: "12",  # credit_total
        1217: "12",  # barter_total
        1102: "22",  # receipt_vat_20_amount
        1103: "22",  # receipt_vat_10_amount
        1104: "22",  # receipt_vat_0_turnover
        1105: "22",  # receipt_no_vat_turnover
        1106: "22",  # receipt_vat_20_120_amount
        1107: "22",  # receipt_vat_10_110_amount
        1115: "22s@2025-01-01",  # receipt_vat_amounts
        1108: "30",  # internet_only_register_flag
        1125: "20s@2025-09-01",  # internet_settlement_flag
        1117: "30",  # receipt_sender_email
        1057: "33",  # agent_flags
        1075: "33",  # transfer_operator_phone
        1044: "33",  # payment_agent_operation
        1073: "33",  # payment_agent_phone
        1074: "33",  # payment_acceptance_operator_phone
        1026: "33",  # transfer_operator_name
        1005: "33",  # transfer_operator_address
        1016: "33",  # transfer_operator_inn
        1171: "33",  # supplier_phone
        1060: "33",  # tax_authority_website
        1192: "33",  # receipt_extra_attribute
        1084: "33",  # user_attribute
        1040: "11",  # fiscal_document_number
        1041: "11",  # fiscal_drive_number
        1077: "11",  # document_fiscal_sign
        1196: "03",  # qr_code
    },
    1059: {  # item
        1214: "22",  # item_payment_method
        1212: "33",  # item_type
        1222: "33",  # item_agent_flags
        1223: "33",  # agent_data
        1224: "33",  # supplier_data
        1226: "23",  # supplier_inn
        1030: "11",  # item_name
        1197: "33",  # item_unit_text
        1162: "22",  # item_product_code_bytes
        1229: "33",  # item_excise_amount
        1230: "33",  # item_origin_country_code
        1231: "33",  # item_customs_declaration_number
        1079: "11",  # item_unit_price
        1198: "33",  # item_unit_vat_amount
        1023: "11",  # item_quantity
        1199: "22",  # vat_rate
        1200: "33",  # item_vat_amount
        1043: "11",  # item_total
        1191: "33",  # item_extra_attribute
    },
    1068: {  # operator_message_to_drive
        1022: "10",  # ofd_response_code
    },
    1084: {  # user_attribute
        1085: "33",  # user_attribute_name
        1086: "33",  # user_attribute_value
    },
    1115: {  # receipt_vat_amounts
        1119: "22?s@2025-01-01",  # receipt_vat_entry
    },
    1119: {  # receipt_vat_entry
        1199: "22?s@2025-01-01",  # vat_rate
        1120: "22?s@2025-01-01",  # vat_amount
    },
    1174: {  # correction_basis
        1178: "22",  # corrected_settlement_date
        1179: "20?",  # correction_order_number
    },
    1223: {  # agent_data
        1075: "33",  # transfer_operator_phone
        1044: "33",  # payment_agent_operation
        1073: "33",  # payment_agent_phone
        1074: "33",  # payment_acceptance_operator_phone
        1026: "33",  # transfer_operator_name
        1005: "33",  # transfer_operator_address
        1016: "33",  # transfer_operator_inn
    },
    1224: {  # supplier_data
        1171: "33",  # supplier_phone
        1225: "33",  # supplier_name
    },
    1234: {  # cashless_payments
        1235: "10?s@2025-09-01",  # cashless_payment
    },
    1235: {  # cashless_payment
        1082: "10?i@2025-09-01",  # cashless_payment_amount
        1236: "10?s@2025-09-01",  # cashless_payment_method
        1237: "10?s@2025-09-01",  # cashless_payment_identifiers
        1238: "20?s@2025-09-01",  # cashless_payment_details
    },
    0: {  # buyer_receipt_reference
        1037: "10",  # register_registration_number
        1020: "10",  # receipt_total
        1012: "10",  # document_datetime
        1077: "10",  # document_fiscal_sign
        1208: "20",  # receipt_website
    },
}

CHANGES_1_1: Table = {
    1: {  # registration_report
        1207: "11",  # excise_goods_flag
        1193: "11",  # gambling_flag
        1126: "11",  # lottery_flag
        1190: "11",  # fiscal_drive_ffd_version
        1213: "11",  # fiscal_key_days_left
    },
    2: {  # shift_open_report
        1000: "02s",  # document_title
        1048: "02s",  # user_name
        1018: "12s",  # user_inn
        1012: "12s",  # document_datetime
        1038: "12s",  # shift_number
        1037: "12s",  # register_registration_number
        1053: "22",  # ofd_response_timeout_flag
        1051: "22",  # fiscal_drive_urgent_replacement_flag
        1052: "22",  # fiscal_drive_memory_full_flag
        1050: "22",  # fiscal_drive_exhaustion_flag
        1206: "22",  # operator_message_flags
        1188: "12s",  # register_model_version
        1189: "12s",  # register_ffd_version
        1040: "12s",  # fiscal_document_number
        1041: "12s",  # fiscal_drive_number
        1077: "12s",  # document_fiscal_sign
    },
    3: {  # receipt
        1227: "23",  # buyer_name
        1228: "22i",  # buyer_inn
        1059: "11s",  # item
        1234: "30?s@2025-09-01",  # cashless_payments
        1115: "22?s@2025-01-01",  # receipt_vat_amounts
        1108: "20",  # internet_only_register_flag
        1125: "20?s@2025-09-01",  # internet_settlement_flag
        1057: "33",  # agent_flags
    },
    4: {  # bso_receipt
        1227: "23",  # buyer_name
        1228: "22i",  # buyer_inn
        1059: "11s",  # item
        1234: "30?s@2025-09-01",  # cashless_payments
        1115: "22?s@2025-01-01",  # receipt_vat_amounts
        1108: "20",  # internet_only_register_flag
        1125: "20?s@2025-09-01",  # internet_settlement_flag
        1057: "33",  # agent_flags
    },
    5: {  # shift_close_report
        1000: "02s",  # document_title
        1048: "02s",  # user_name
        1018: "12s",  # user_inn
        1012: "12?s",  # document_datetime
        1038: "12?s",  # shift_number
        1037: "12s",  # register_registration_number
        1118: "12?",  # shift_receipt_count
        1111: "12?s",  # shift_document_count
        1206: "22",  # operator_message_flags
        1194: "12?s",  # shift_total_counters
        1157: "12?s",  # fiscal_drive_total_counters
        1213: "12?",  # fiscal_key_days_left
        1040: "12?s",  # fiscal_document_number
        1041: "12?s",  # fiscal_drive_number
        1077: "12?s",  # document_fiscal_sign
    },
    6: {  # fiscal_drive_close_report
        1157: "11",  # fiscal_drive_total_counters
    },
    7: {  # operator_confirmation
        1206: "23s",  # operator_message_flags
        1068: "-",  # operator_message_to_drive
    },
    11: {  # registration_change_report
        1207: "11",  # excise_goods_flag
        1193: "11",  # gambling_flag
        1126: "11",  # lottery_flag
        1190: "11",  # fiscal_drive_ffd_version
        1213: "11",  # fiscal_key_days_left
        1205: "33s",  # registration_change_reasons
        1157: "22i",  # fiscal_drive_total_counters
        1101: "-",  # reregistration_reason_code
    },
    21: {  # settlements_state_report
        1157: "11",  # fiscal_drive_total_counters
        1158: "22i",  # unsent_total_counters
    },
    31: {  # correction_receipt
        1048: "21",  # user_name
        1018: "21",  # user_inn
        1228: "22i",  # buyer_inn
        1054: "11s",  # operation_type
        1036: "22",  # machine_number
        1059: "11s",  # item
        1115: "22?s@2025-01-01",  # receipt_vat_amounts
        1108: "20",  # internet_only_register_flag
        1125: "20?s@2025-09-01",  # internet_settlement_flag
        1117: "20",  # receipt_sender_email
        1075: "32",  # transfer_operator_phone
        1044: "22",  # payment_agent_operation
        1073: "32",  # payment_agent_phone
        1074: "32",  # payment_acceptance_operator_phone
        1026: "22",  # transfer_operator_name
        1005: "22",  # transfer_operator_address
        1016: "22",  # transfer_operator_inn
        1171: "32",  # supplier_phone
        1060: "20",  # tax_authority_website
    },
    41: {  # bso_correction_receipt
        1048: "21",  # user_name
        1018: "21",  # user_inn
        1228: "22i",  # buyer_inn
        1054: "11s",  # operation_type
        1036: "22",  # machine_number
        1059: "11s",  # item
        1115: "22?s@2025-01-01",  # receipt_vat_amounts
        1108: "20",  # internet_only_register_flag
        1125: "20?s@2025-09-01",  # internet_settlement_flag
        1117: "20",  # receipt_sender_email
        1075: "32",  # transfer_operator_phone
        1044: "22",  # payment_agent_operation
        1073: "32",  # payment_agent_phone
        1074: "32",  # payment_acceptance_operator_phone
        1026: "22",  # transfer_operator_name
        1005: "22",  # transfer_operator_address
        1016: "22",  # transfer_operator_inn
        1171: "32",  # supplier_phone
        1060: "20",  # tax_authority_website
    },
    1059: {  # item
        1214: "12",  # item_payment_method
        1212: "13s",  # item_type
        1222: "23",  # item_agent_flags
        1223: "23",  # agent_data
        1224: "23",  # supplier_data
        1030: "11s",  # item_name
        1230: "23",  # item_origin_country_code
        1231: "23",  # item_customs_declaration_number
        1229: "23",  # item_excise_amount
        1191: "23",  # item_extra_attribute
    },
    1084: {  # user_attribute
        1085: "33s",  # user_attribute_name
        1086: "33s",  # user_attribute_value
    },
    1129: {  # income_counters
        1135: "22?i",  # counter_receipt_count
        1136: "22?i",  # counter_cash_total
        1138: "22?i",  # counter_cashless_total
        1218: "22?i",  # counter_prepayment_total
        1219: "22?i",  # counter_credit_total
        1220: "22?i",  # counter_barter_total
        1201: "22?i",  # counter_grand_total
        1139: "22?i",  # counter_vat_20_amount
        1140: "22?i",  # counter_vat_10_amount
        1141: "22?i",  # counter_vat_20_120_amount
        1142: "22?i",  # counter_vat_10_110_amount
        1143: "22?i",  # counter_vat_0_turnover
        1183: "22?i",  # counter_no_vat_turnover
    },
    1130: {  # income_return_counters
        1135: "22?i",  # counter_receipt_count
        1136: "22?i",  # counter_cash_total
        1138: "22?i",  # counter_cashless_total
        1218: "22?i",  # counter_prepayment_total
        1219: "22?i",  # counter_credit_total
        1220: "22?i",  # counter_barter_total
        1201: "22?i",  # counter_grand_total
        1139: "22?i",  # counter_vat_20_amount
        1140: "22?i",  # counter_vat_10_amount
        1141: "22?i",  # counter_vat_20_120_amount
        1142: "22?i",  # counter_vat_10_110_amount
        1143: "22?i",  # counter_vat_0_turnover
        1183: "22?i",  # counter_no_vat_turnover
    },
    1131: {  # expense_counters
        1135: "22?i",  # counter_receipt_count
        1136: "22?i",  # counter_cash_total
        1138: "22?i",  # counter_cashless_total
        1218: "22?i",  # counter_prepayment_total
        1219: "22?i",  # counter_credit_total
        1220: "22?i",  # counter_barter_total
        1201: "22?i",  # counter_grand_total
        1139: "22?i",  # counter_vat_20_amount
        1140: "22?i",  # counter_vat_10_amount
        1141: "22?i",  # counter_vat_20_120_amount
        1142: "22?i",  # counter_vat_10_110_amount
        1143: "22?i",  # counter_vat_0_turnover
        1183: "22?i",  # counter_no_vat_turnover
    },
    1132: {  # expense_return_counters
        1135: "22?i",  # counter_receipt_count
        1136: "22?i",  # counter_cash_total
        1138: "22?i",  # counter_cashless_total
        1218: "22?i",  # counter_prepayment_total
        1219: "22?i",  # counter_credit_total
        1220: "22?i",  # counter_barter_total
        1201: "22?i",  # counter_grand_total
        1139: "22?i",  # counter_vat_20_amount
        1140: "22?i",  # counter_vat_10_amount
        1141: "22?i",  # counter_vat_20_120_amount
        1142: "22?i",  # counter_vat_10_110_amount
        1143: "22?i",  # counter_vat_0_turnover
        1183: "22?i",  # counter_no_vat_turnover
    },
    1133: {  # correction_counters
        1144: "22?i",  # correction_or_unsent_receipt_count
        1145: "22?i",  # income_subcounters
        1146: "22?i",  # expense_subcounters
        1232: "22?i",  # income_return_subcounters
        1233: "22?i",  # expense_return_subcounters
    },
    1145: {  # income_subcounters
        1136: "22?i",  # counter_cash_total
        1138: "22?i",  # counter_cashless_total
        1218: "22?i",  # counter_prepayment_total
        1219: "22?i",  # counter_credit_total
        1220: "22?i",  # counter_barter_total
        1201: "22?i",  # counter_grand_total
        1135: "22?i",  # counter_receipt_count
    },
    1146: {  # expense_subcounters
        1136: "22?i",  # counter_cash_total
        1138: "22?i",  # counter_cashless_total
        1218: "22?i",  # counter_prepayment_total
        1219: "22?i",  # counter_credit_total
        1220: "22?i",  # counter_barter_total
        1201: "22?i",  # counter_grand_total
        1135: "22?i",  # counter_receipt_count
    },
    1157: {  # fiscal_drive_total_counters
        1134: "22?i",  # all_receipts_count
        1129: "22?i",  # income_counters
        1130: "22?i",  # income_return_counters
        1131: "22?i",  # expense_counters
        1132: "22?i",  # expense_return_counters
        1133: "22?i",  # correction_counters
    },
    1158: {  # unsent_total_counters
        1144: "22?i",  # correction_or_unsent_receipt_count
        1145: "22?i",  # income_subcounters
        1146: "22?i",  # expense_subcounters
        1232: "22?i",  # income_return_subcounters
        1233: "22?i",  # expense_return_subcounters
    },
    1174: {  # correction_basis
        1179: "20s",  # correction_order_number
    },
    1194: {  # shift_total_counters
        1134: "22?i",  # all_receipts_count
        1129: "22?i",  # income_counters
        1130: "22?i",  # income_return_counters
        1131: "22?i",  # expense_counters
        1132: "22?i",  # expense_return_counters
        1133: "22?i",  # correction_counters
    },
    1223: {  # agent_data
        1075: "23",  # transfer_operator_phone
        1044: "23",  # payment_agent_operation
        1073: "23",  # payment_agent_phone
        1074: "23",  # payment_acceptance_operator_phone
        1026: "23",  # transfer_operator_name
        1005: "23",  # transfer_operator_address
        1016: "23",  # transfer_operator_inn
    },
    1224: {  # supplier_data
        1171: "23",  # supplier_phone
        1225: "23",  # supplier_name
    },
    1232: {  # income_return_subcounters
        1136: "22?i",  # counter_cash_total
        1138: "22?i",  # counter_cashless_total
        1218: "22?i",  # counter_prepayment_total
        1219: "22?i",  # counter_credit_total
        1220: "22?i",  # counter_barter_total
        1201: "22?i",  # counter_grand_total
        1135: "22?i",  # counter_receipt_count
    },
    1233: {  # expense_return_subcounters
        1136: "22?i",  # counter_cash_total
        1138: "22?i",  # counter_cashless_total
        1218: "22?i",  # counter_prepayment_total
        1219: "22?i",  # counter_credit_total
        1220: "22?i",  # counter_barter_total
        1201: "22?i",  # counter_grand_total
        1135: "22?i",  # counter_receipt_count
    },
    1068: {  # operator_message_to_drive
        1022: "-",  # ofd_response_code
    },
}

CHANGES_1_2: Table = {
    1: {  # registration_report
        1290: "11s",  # register_usage_flags
        1274: "20i",  # registration_extra_attribute
        1275: "20i",  # registration_extra_data
        1221: "-",  # printer_in_machine_flag
        1110: "-",  # bso_system_flag
        1108: "-",  # internet_only_register_flag
        1207: "-",  # excise_goods_flag
        1109: "-",  # services_only_flag
        1193: "-",  # gambling_flag
        1126: "-",  # lottery_flag
        1057: "-",  # agent_flags
    },
    2: {  # shift_open_report
        1276: "20i",  # shift_open_extra_attribute
        1277: "20i",  # shift_open_extra_data
    },
    3: {  # receipt
        1256: "23i",  # buyer_info
        1009: "11s",  # settlement_address
        1187: "11?s",  # settlement_place
        2107: "22s",  # marked_items_check_result
        1270: "20s",  # receipt_operational_attribute
        1261: "20s",  # receipt_industry_attribute
        1227: "-",  # buyer_name
        1228: "-",  # buyer_inn
        1057: "-",  # agent_flags
        1075: "-",  # transfer_operator_phone
        1044: "-",  # payment_agent_operation
        1073: "-",  # payment_agent_phone
        1074: "-",  # payment_acceptance_operator_phone
        1026: "-",  # transfer_operator_name
        1005: "-",  # transfer_operator_address
        1016: "-",  # transfer_operator_inn
        1171: "-",  # supplier_phone
    },
    4: {  # bso_receipt
        1256: "23i",  # buyer_info
        1009: "11s",  # settlement_address
        1187: "11?s",  # settlement_place
        2107: "22s",  # marked_items_check_result
        1270: "20s",  # receipt_operational_attribute
        1261: "20s",  # receipt_industry_attribute
        1227: "-",  # buyer_name
        1228: "-",  # buyer_inn
        1057: "-",  # agent_flags
        1075: "-",  # transfer_operator_phone
        1044: "-",  # payment_agent_operation
        1073: "-",  # payment_agent_phone
        1074: "-",  # payment_acceptance_operator_phone
        1026: "-",  # transfer_operator_name
        1005: "-",  # transfer_operator_address
        1016: "-",  # transfer_operator_inn
        1171: "-",  # supplier_phone
    },
    5: {  # shift_close_report
        1012: "12s",  # document_datetime
        1038: "12s",  # shift_number
        1118: "12",  # shift_receipt_count
        1111: "12s",  # shift_document_count
        2104: "22i",  # unsent_notification_count
        2112: "22s",  # invalid_marking_codes_flags
        2113: "22s",  # invalid_marking_documents_flags
        1157: "12s",  # fiscal_drive_total_counters
        1213: "12",  # fiscal_key_days_left
        1278: "20i",  # shift_close_extra_attribute
        1279: "20i",  # shift_close_extra_data
        1040: "12s",  # fiscal_document_number
        1041: "12s",  # fiscal_drive_number
        1077: "12s",  # document_fiscal_sign
    },
    6: {  # fiscal_drive_close_report
        1009: "11",  # settlement_address
        1187: "11",  # settlement_place
        1282: "20i",  # drive_close_extra_attribute
        1283: "20i",  # drive_close_extra_data
    },
    11: {  # registration_change_report
        1290: "11s",  # register_usage_flags
        1274: "20i",  # registration_extra_attribute
        1275: "20i",  # registration_extra_data
        1205: "11s",  # registration_change_reasons
        1221: "-",  # printer_in_machine_flag
        1110: "-",  # bso_system_flag
        1108: "-",  # internet_only_register_flag
        1207: "-",  # excise_goods_flag
        1109: "-",  # services_only_flag
        1193: "-",  # gambling_flag
        1126: "-",  # lottery_flag
        1057: "-",  # agent_flags
    },
    21: {  # settlements_state_report
        2104: "22i",  # unsent_notification_count
        1213: "11",  # fiscal_key_days_left
        1280: "20i",  # settlements_state_extra_attribute
        1281: "20i",  # settlements_state_extra_data
    },
    31: {  # correction_receipt
        1256: "23i",  # buyer_info
        1009: "11s",  # settlement_address
        1187: "11s",  # settlement_place
        2107: "22?s",  # marked_items_check_result
        1060: "30",  # tax_authority_website
        1270: "20s",  # receipt_operational_attribute
        1261: "20s",  # receipt_industry_attribute
        1227: "-",  # buyer_name
        1228: "-",  # buyer_inn
        1057: "-",  # agent_flags
        1075: "-",  # transfer_operator_phone
        1044: "-",  # payment_agent_operation
        1073: "-",  # payment_agent_phone
        1074: "-",  # payment_acceptance_operator_phone
        1026: "-",  # transfer_operator_name
        1005: "-",  # transfer_operator_address
        1016: "-",  # transfer_operator_inn
        1171: "-",  # supplier_phone
    },
    41: {  # bso_correction_receipt
        1256: "23i",  # buyer_info
        1009: "11s",  # settlement_address
        1187: "11s",  # settlement_place
        2107: "22?s",  # marked_items_check_result
        1060: "30",  # tax_authority_website
        1270: "20s",  # receipt_operational_attribute
        1261: "20s",  # receipt_industry_attribute
        1227: "-",  # buyer_name
        1228: "-",  # buyer_inn
        1057: "-",  # agent_flags
        1075: "-",  # transfer_operator_phone
        1044: "-",  # payment_agent_operation
        1073: "-",  # payment_agent_phone
        1074: "-",  # payment_acceptance_operator_phone
        1026: "-",  # transfer_operator_name
        1005: "-",  # transfer_operator_address
        1016: "-",  # transfer_operator_inn
        1171: "-",  # supplier_phone
    },
    81: {  # marking_code_request
        2001: "10",  # marking_request_number
        1018: "10",  # user_inn
        2114: "10",  # marking_request_datetime
        1041: "10",  # fiscal_drive_number
        2004: "10s",  # marking_check_result
        2003: "10",  # planned_item_status
        1023: "20s",  # item_quantity
        2108: "20s",  # item_quantity_measure
        1291: "20s",  # item_fractional_quantity
        2100: "10",  # marking_code_type
        2000: "10s",  # marking_code
        2102: "10s",  # marking_processing_mode
    },
    82: {  # marking_sale_notification
        2002: "10",  # marking_notification_number
        2040: "10?s@2025-09-01",  # linked_receipt_document_number
        1012: "10",  # document_datetime
        1011: "10?s@2025-09-01",  # settlement_time_zone
        1041: "10",  # fiscal_drive_number
        1018: "20i",  # user_inn
        1228: "20i",  # buyer_inn
        1009: "20i",  # settlement_address
        1125: "20?s@2025-09-01",  # internet_settlement_flag
        1055: "10",  # applied_tax_system
        1054: "10",  # operation_type
        2116: "10",  # marking_operation_type
        2007: "10s",  # marked_item
        1261: "20i",  # receipt_industry_attribute
        1084: "30s",  # user_attribute
    },
    83: {  # marking_request_answer
        2001: "10",  # marking_request_number
        2114: "10",  # marking_request_datetime
        2102: "20",  # marking_processing_mode
        2100: "20",  # marking_code_type
        2109: "20",  # marking_operator_item_status
        2101: "20i",  # marked_item_identifier
        2105: "10",  # marking_request_code
        2005: "20",  # marking_request_result
    },
    84: {  # marking_notification_receipt
        2002: "10",  # marking_notification_number
        1012: "10",  # document_datetime
        2111: "10",  # marking_notification_code
        2006: "20i",  # marking_notification_result
    },
    1059: {  # item
        1030: "22",  # item_name
        2108: "13?s",  # item_quantity_measure
        1163: "22s",  # item_product_code
        2115: "02s",  # marking_control_code
        2102: "30s",  # marking_processing_mode
        2106: "23s",  # item_check_result
        1023: "11s",  # item_quantity
        1291: "22s",  # item_fractional_quantity
        1260: "20s",  # item_industry_attribute
        1197: "-",  # item_unit_text
        1162: "-",  # item_product_code_bytes
    },
    1163: {  # item_product_code
        1300: "20s",  # product_code_unrecognized
        1301: "20s",  # product_code_ean8
        1302: "20s",  # product_code_ean13
        1303: "20s",  # product_code_itf14
        1304: "20s",  # product_code_gs1
        1305: "20s",  # product_code_gs1_marked
        1306: "20s",  # product_code_short_marking
        1307: "20s",  # product_code_fur
        1308: "20s",  # product_code_egais2
        1309: "20s",  # product_code_egais3
        1320: "20s",  # product_code_f1
        1321: "20s",  # product_code_f2
        1322: "22s",  # product_code_f3
        1323: "20s",  # product_code_f4
        1324: "20s",  # product_code_f5
        1325: "22s",  # product_code_f6
    },
    1256: {  # buyer_info
        1227: "23s",  # buyer_name
        1228: "20s",  # buyer_inn
        1243: "20i",  # buyer_birth_date
        1244: "30s",  # buyer_citizenship_code
        1245: "20i",  # buyer_identity_document_code
        1246: "20i",  # buyer_identity_document_data
        1254: "33s",  # buyer_address
    },
    1260: {  # item_industry_attribute
        1262: "20?s",  # industry_authority_id
        1263: "20?s",  # industry_basis_date
        1264: "20?s",  # industry_basis_number
        1265: "20?s",  # industry_attribute_value
    },
    1261: {  # receipt_industry_attribute
        1262: "20?",  # industry_authority_id
        1263: "20?",  # industry_basis_date
        1264: "20?",  # industry_basis_number
        1265: "20?",  # industry_attribute_value
    },
    1270: {  # receipt_operational_attribute
        1273: "20",  # operational_attribute_datetime
        1271: "20",  # operational_attribute_id
        1272: "20",  # operational_attribute_data
    },
    1291: {  # item_fractional_quantity
        1292: "01s",  # fraction_text
        1293: "10s",  # fraction_numerator
        1294: "10s",  # fraction_denominator
    },
    2007: {  # marked_item
        2000: "10",  # marking_code
        2100: "10",  # marking_code_type
        2101: "10",  # marked_item_identifier
        2115: "10",  # marking_control_code
        2110: "10",  # assigned_item_status
        2106: "10",  # item_check_result
        1023: "20s",  # item_quantity
        2108: "20s",  # item_quantity_measure
        1291: "22s",  # item_fractional_quantity
        2102: "10",  # marking_processing_mode
        1214: "10",  # item_payment_method
        1030: "10",  # item_name
        1226: "20s",  # supplier_inn
        1222: "20s",  # item_agent_flags
        1223: "20s",  # agent_data
        1224: "20s",  # supplier_data
        1079: "10",  # item_unit_price
        1043: "10",  # item_total
        1199: "10",  # vat_rate
        1200: "10",  # item_vat_amount
        1260: "20s",  # item_industry_attribute
    },
}
