"""The table of all commands, in the manual's order: one line each.

A line says: code, request (its reply is the one in the request's brackets), kind, how long a host waits for the answer,
whether it prints, the modes that allow it and the mode that follows, its name here and in the manual. Deadlines are
those of the vendor's drivers. What an error byte means for one command alone stands in `kkt_driver.refusals`.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from kkt_driver.commands import drive, exchange, legacy, marking, printing, receipts, service, settings, shift, status
from kkt_driver.commands.base import Kind, Request

__all__ = ["COMMANDS", "EARLIER", "Command", "Modes", "head_of", "reply_of"]

EARLIER = -1
"""In `Modes.leads_to`: the mode that was there before (before the receipt, the dump, the test run)."""


class Modes(msgspec.Struct, frozen=True):
    """When a command may be given and where it leads.

    `allowed` are low nibbles of the mode byte; the receipt's kind (8.0 … 8.4) is not told apart. `leads_to` is empty when
    the mode stays as it is; several modes mean that it depends (a shift may pass 24 hours while a receipt is open).
    """

    text: str
    allowed: frozenset[int]
    leads_to: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Modes:
        """From the manual's shorthand: "any", "any but 1 8", "2 3 -> 4", "8 -> earlier 3"."""
        before, _, after = text.partition("->")
        words = before.split()
        numbers = frozenset(int(word) for word in words if word.isdigit())
        allowed = _EVERY - numbers if words[0] == "any" else numbers
        return cls(text, allowed, tuple(EARLIER if word == "earlier" else int(word) for word in after.split()))


_EVERY = frozenset(range(15))


class Command(msgspec.Struct, frozen=True):
    """What one command is. `deadline_s` is how long a host waits for the answer frame; `head` is what stands before the
    error byte of an answer."""

    code: bytes
    head: bytes
    name: str
    request: type[Request[Any]]
    reply: type[msgspec.Struct]
    kind: Kind
    deadline_s: float
    prints: bool
    modes: Modes
    name_ru: str
    hex: str
    """The code as manuals write it: 8D, FF45."""


def head_of(code: bytes) -> bytes:
    """What an answer repeats of a command's code: all of it, of service commands FEh alone."""
    return code[:1] if code[:1] == b"\xfe" else code


def reply_of(request: type[Request[Any]]) -> type[msgspec.Struct]:
    """The reply that a request names in its brackets: `class Subtotal(Authorised[SubtotalReply])`."""
    for cls in request.__mro__:
        for base in getattr(cls, "__orig_bases__", ()):
            for argument in get_args(base):
                if isinstance(argument, type):
                    return argument
    raise AssertionError(f"{request.__name__} does not say what answers it")


_READ, _IDEM, _STATE, _COMMIT = Kind.READ, Kind.IDEMPOTENT, Kind.STATEFUL, Kind.COMMITTING
_QUIET, _PRINTS = False, True


def _row(
    code: int,
    request: type[Request[Any]],
    kind: Kind,
    deadline_s: float,
    prints: bool,
    modes: str,
    name: str,
    name_ru: str,
) -> Command:
    body = code.to_bytes(1 + (code > 0xFF), "big")
    reply = reply_of(request)
    hex_ = body.hex().upper()
    head, allowed = head_of(body), Modes.parse(modes)
    return Command(body, head, name, request, reply, kind, deadline_s, prints, allowed, name_ru, hex_)


# ruff: noqa: E501  (a table: one line a command)
# fmt: off
_TABLE = (
    _row(0x01, service.BeginDump, _STATE, 30, _QUIET, "any but 1 -> 1", "begin dump", "Запрос дампа"),
    _row(0x02, service.DumpBlock, _STATE, 30, _QUIET, "1", "dump block", "Запрос данных"),
    _row(0x03, service.AbortDump, _STATE, 10, _QUIET, "1 -> earlier", "abort dump", "Прерывание выдачи данных"),
    _row(0x0F, status.LongSerial, _READ, 3, _QUIET, "any", "long serial number", "Чтение длинного заводского номера"),
    _row(0x10, status.ShortStatus, _READ, 3, _QUIET, "any", "short status", "Короткий запрос состояния ККТ"),
    _row(0x11, status.FullStatus, _READ, 3, _QUIET, "any", "full status", "Запрос состояния ККТ"),
    _row(0x12, printing.PrintBold, _STATE, 10, _PRINTS, "any", "print bold line", "Печать жирной строки (шрифт 2)"),
    _row(0x13, printing.Beep, _IDEM, 3, _QUIET, "any", "beep", "Гудок"),
    _row(0x14, service.SetExchange, _STATE, 10, _QUIET, "any", "set exchange parameters", "Установка параметров обмена"),
    _row(0x15, service.ReadExchange, _READ, 3, _QUIET, "any", "read exchange parameters", "Чтение параметров обмена"),
    _row(0x16, service.TechnologicalReset, _IDEM, 60, _QUIET, "9 -> 9", "technological reset", "Технологическое обнуление"),
    _row(0x17, printing.PrintLine, _STATE, 10, _PRINTS, "any but 1", "print line", "Печать стандартной строки (шрифт 1)"),
    _row(0x18, printing.PrintHeading, _STATE, 10, _PRINTS, "2 3 4 9", "print heading", "Печать заголовка документа"),
    _row(0x19, service.TestRun, _STATE, 10, _PRINTS, "2 3 4 9 -> 10", "test run", "Тестовый прогон"),
    _row(0x1A, status.MoneyRegister, _READ, 3, _QUIET, "any", "money register", "Запрос денежного регистра"),
    _row(0x1B, status.OperationRegister, _READ, 3, _QUIET, "any", "operation register", "Запрос операционного регистра"),
    _row(0x1E, settings.WriteTable, _IDEM, 10, _QUIET, "any but 1 8", "write table", "Запись таблицы"),
    _row(0x1F, settings.ReadTable, _READ, 3, _QUIET, "any", "read table", "Чтение таблицы"),
    _row(0x21, settings.SetTime, _IDEM, 10, _QUIET, "4 9", "set time", "Программирование времени"),
    _row(0x22, settings.SetDate, _STATE, 10, _QUIET, "4 9 -> 6", "set date", "Программирование даты"),
    _row(0x23, settings.ConfirmDate, _IDEM, 10, _QUIET, "6 -> 4", "confirm date", "Подтверждение программирования даты"),
    _row(0x24, service.InitialiseTables, _STATE, 60, _QUIET, "4", "initialise tables", "Инициализация таблиц начальными значениями"),
    _row(0x25, printing.Cut, _STATE, 10, _PRINTS, "any but 8 10", "cut", "Отрезка чека"),
    _row(0x26, status.Font, _READ, 5, _QUIET, "any", "font parameters", "Прочитать параметры шрифта"),
    _row(0x27, service.GeneralReset, _STATE, 60, _QUIET, "4", "general reset", "Общее гашение"),
    _row(0x28, printing.OpenDrawer, _IDEM, 3, _QUIET, "any", "open cash drawer", "Открыть денежный ящик"),
    _row(0x29, printing.Feed, _STATE, 10, _PRINTS, "any but 8 10", "feed", "Протяжка"),
    _row(0x2B, service.StopTest, _STATE, 10, _QUIET, "10 -> earlier", "stop test run", "Прерывание тестового прогона"),
    _row(0x2C, printing.PrintOperationRegisters, _STATE, 30, _PRINTS, "2 3 4 9", "print operation registers", "Снятие показаний операционных регистров"),
    _row(0x2D, settings.TableStructure, _READ, 3, _QUIET, "any", "table structure", "Запрос структуры таблицы"),
    _row(0x2E, settings.FieldStructure, _READ, 3, _QUIET, "any", "field structure", "Запрос структуры поля"),
    _row(0x2F, printing.PrintLineInFont, _STATE, 10, _PRINTS, "any", "print line in a font", "Печать строки данным шрифтом"),
    _row(0x40, shift.XReport, _STATE, 30, _PRINTS, "2 3", "X report", "Суточный отчет без гашения"),
    _row(0x41, shift.ZReport, _COMMIT, 65, _PRINTS, "2 3 -> 4", "Z report", "Суточный отчет с гашением"),
    _row(0x42, printing.DepartmentReport, _STATE, 30, _PRINTS, "2 3", "department report", "Отчёт по секциям"),
    _row(0x43, printing.TaxReport, _STATE, 30, _PRINTS, "2 3", "tax report", "Отчёт по налогам"),
    _row(0x4D, printing.PrintGraphics512, _STATE, 30, _PRINTS, "2 4 8 9", "print graphics-512", "Печать графики-512 с масштабированием"),
    _row(0x4E, printing.LoadGraphics512, _IDEM, 10, _QUIET, "2 4 8 9", "load graphics-512", "Загрузка графики-512"),
    _row(0x4F, printing.PrintScaledGraphics, _STATE, 30, _PRINTS, "2 4 8 9", "print scaled graphics", "Печать графики с масштабированием"),
    _row(0x50, shift.CashIn, _COMMIT, 30, _PRINTS, "2 3 4 9", "cash in", "Внесение"),
    _row(0x51, shift.CashOut, _COMMIT, 30, _PRINTS, "2 3 4 9", "cash out", "Выплата"),
    _row(0x52, printing.PrintCliche, _STATE, 30, _PRINTS, "2 3 4", "print cliche", "Печать клише"),
    _row(0x53, printing.EndDocument, _STATE, 30, _PRINTS, "2 3 4", "end of document", "Конец документа"),
    _row(0x54, printing.PrintAdvertisement, _STATE, 30, _PRINTS, "2 3 4", "print advertisement", "Печать рекламного текста"),
    _row(0x6B, status.ErrorText, _READ, 3, _QUIET, "any", "error text", "Возврат названия ошибки"),
    _row(0x80, legacy.Sale, _STATE, 30, _PRINTS, "2 4 8 9 -> 8", "sale (legacy)", "Продажа"),
    _row(0x81, legacy.Purchase, _STATE, 30, _PRINTS, "2 4 8 9 -> 8", "purchase (legacy)", "Покупка"),
    _row(0x82, legacy.SaleRefund, _STATE, 30, _PRINTS, "2 4 8 9 -> 8", "sale refund (legacy)", "Возврат продажи"),
    _row(0x83, legacy.PurchaseRefund, _STATE, 30, _PRINTS, "2 4 8 9 -> 8", "purchase refund (legacy)", "Возврат покупки"),
    _row(0x84, legacy.Storno, _STATE, 30, _PRINTS, "8", "storno (legacy)", "Сторно"),
    _row(0x85, legacy.CloseLegacy, _COMMIT, 30, _PRINTS, "8 -> 2 3", "close receipt (legacy)", "Закрытие чека"),
    _row(0x86, legacy.Discount, _STATE, 30, _PRINTS, "8", "discount (legacy)", "Скидка"),
    _row(0x87, legacy.Markup, _STATE, 30, _PRINTS, "8", "mark-up (legacy)", "Надбавка"),
    _row(0x88, receipts.CancelReceipt, _STATE, 30, _PRINTS, "8 -> earlier 3", "cancel receipt", "Аннулирование чека"),
    _row(0x89, receipts.Subtotal, _READ, 10, _QUIET, "8", "subtotal", "Подытог чека"),
    _row(0x8A, legacy.StornoDiscount, _STATE, 30, _PRINTS, "8", "storno of a discount (legacy)", "Сторно скидки"),
    _row(0x8B, legacy.StornoMarkup, _STATE, 30, _PRINTS, "8", "storno of a mark-up (legacy)", "Сторно надбавки"),
    _row(0x8C, printing.CopyReceipt, _STATE, 30, _PRINTS, "2 3", "copy of the last receipt", "Печать копии чека (Повтор документа)"),
    _row(0x8D, receipts.OpenReceipt, _STATE, 30, _PRINTS, "2 4 9 -> 8", "open receipt", "Открыть чек"),
    _row(0x8E, legacy.CloseExtended, _COMMIT, 30, _PRINTS, "8 -> 2 3", "close receipt with 16 payments (legacy)", "Закрытие чека расширенное"),
    _row(0xB0, printing.ContinuePrinting, _IDEM, 30, _PRINTS, "any", "continue printing", "Продолжение печати"),
    _row(0xC0, printing.LoadGraphics, _IDEM, 10, _QUIET, "2 4 8 9", "load graphics", "Загрузка графики"),
    _row(0xC1, printing.PrintGraphics, _STATE, 30, _PRINTS, "2 4 8 9", "print graphics", "Печать графики"),
    _row(0xC2, printing.PrintEan13, _STATE, 30, _PRINTS, "2 4 8 9", "print EAN-13", "Печать штрих-кода EAN-13"),
    _row(0xC3, printing.PrintExtendedGraphics, _STATE, 30, _PRINTS, "2 4 8 9", "print extended graphics", "Печать расширенной графики"),
    _row(0xC4, printing.LoadExtendedGraphics, _IDEM, 10, _QUIET, "2 4 8 9", "load extended graphics", "Загрузка расширенной графики"),
    _row(0xC5, printing.PrintGraphicLine, _STATE, 30, _PRINTS, "2 4 8 9", "print graphic line", "Печать графической линии (одномерный штрихкод)"),
    _row(0xC6, shift.ZReportToBuffer, _COMMIT, 65, _QUIET, "2 3 -> 4", "Z report into the buffer", "Суточный отчет с гашением в буфер"),
    _row(0xC7, printing.PrintBufferedReport, _STATE, 30, _PRINTS, "any", "print buffered Z report", "Распечатать суточный отчёт из буфера"),
    _row(0xCB, printing.PrintBarcode, _STATE, 30, _PRINTS, "2 3 4", "print barcode", "Печать штрих-кода средствами принтера"),
    _row(0xD0, status.LongPrinterStatus, _READ, 3, _QUIET, "any", "long printer status", "Запрос состояния принтера длинное"),
    _row(0xD1, status.ShortPrinterStatus, _READ, 3, _QUIET, "any", "short printer status", "Запрос состояния принтера короткое"),
    _row(0xDD, printing.LoadData, _IDEM, 10, _QUIET, "any", "load data", "Загрузка данных"),
    _row(0xDE, printing.PrintCode, _STATE, 30, _PRINTS, "any", "print 2D code", "Печать многомерного штрих-кода"),
    _row(0xE0, shift.OpenShift, _COMMIT, 120, _PRINTS, "4 -> 2", "open shift", "Открыть смену"),
    _row(0xE2, printing.OpenNonFiscal, _STATE, 30, _PRINTS, "2 3 4 -> 8", "open non-fiscal document", "Открыть нефискальный документ"),
    _row(0xE3, printing.CloseNonFiscal, _STATE, 30, _PRINTS, "8 -> earlier", "close non-fiscal document", "Закрыть нефискальный документ"),
    _row(0xF7, status.ModelParameters, _READ, 3, _QUIET, "any", "model parameters", "Расширенный запрос"),
    _row(0xFC, status.DeviceType, _READ, 3, _QUIET, "any", "device type", "Получить тип устройства"),
    _row(0xFEEC, service.LoaderVersion, _READ, 10, _QUIET, "any", "loader version (service)", "Сервисная: версия загрузчика"),
    _row(0xFEF3, service.Reboot, _STATE, 10, _QUIET, "any", "reboot (service)", "Сервисная: перезагрузка"),
    _row(0xFEF4, service.Totals, _READ, 10, _QUIET, "any", "totals never reset (service)", "Сервисная: необнуляемые суммы"),
    _row(0xFF01, drive.DriveStatus, _READ, 5, _QUIET, "any", "drive status", "Запрос статуса ФН"),
    _row(0xFF02, drive.DriveNumber, _READ, 5, _QUIET, "any", "drive number", "Запрос номера ФН"),
    _row(0xFF03, drive.DriveExpiry, _READ, 5, _QUIET, "any", "drive expiry", "Запрос срока действия ФН"),
    _row(0xFF04, drive.DriveVersion, _READ, 5, _QUIET, "any", "drive version", "Запрос версии ФН"),
    _row(0xFF05, drive.BeginRegistration, _STATE, 30, _QUIET, "4", "begin registration report", "Начать отчет о регистрации ККТ"),
    _row(0xFF06, drive.Register, _COMMIT, 60, _PRINTS, "4", "form registration report", "Сформировать отчёт о регистрации ККТ"),
    _row(0xFF07, drive.ResetDrive, _STATE, 60, _QUIET, "any", "reset drive", "Сброс состояния ФН"),
    _row(0xFF08, drive.CancelDocument, _IDEM, 30, _QUIET, "any -> earlier 3", "cancel drive document", "Отменить документ в ФН"),
    _row(0xFF09, drive.RegistrationTotals, _READ, 5, _QUIET, "any", "registration totals", "Запрос итогов последней фискализации (перерегистрации)"),
    _row(0xFF0A, drive.FindDocument, _READ, 5, _QUIET, "any", "find document", "Найти фискальный документ по номеру"),
    _row(0xFF0B, shift.OpenShiftInDrive, _COMMIT, 120, _PRINTS, "4 -> 2", "open shift in the drive", "Открыть смену в ФН"),
    _row(0xFF0C, receipts.SendTlv, _STATE, 30, _QUIET, "any", "send TLV", "Передать произвольную TLV структуру"),
    _row(0xFF0D, receipts.DiscountedOperation, _STATE, 30, _PRINTS, "2 -> 8", "operation with discounts (old)", "Операция со скидками и надбавками"),
    _row(0xFF0E, drive.RegistrationTag, _READ, 5, _QUIET, "any", "registration tag", "Запрос параметра открытия ФН"),
    _row(0xFF30, exchange.OutgoingMessage, _READ, 5, _QUIET, "any", "message for the operator", "Запросить о наличие данных в буфере"),
    _row(0xFF31, exchange.ReadMessage, _READ, 5, _QUIET, "any", "read message block", "Прочитать блок данных из буфера"),
    _row(0xFF32, exchange.BeginAnswer, _IDEM, 5, _QUIET, "any", "begin operator's answer", "Начать запись данных в буфер"),
    _row(0xFF33, exchange.WriteAnswer, _STATE, 30, _QUIET, "any", "write answer block", "Записать блок данных в буфер"),
    _row(0xFF34, drive.ChangeRegistration, _COMMIT, 60, _PRINTS, "4", "form report on a change of registration", "Сформировать отчёт о перерегистрации ККТ"),
    _row(0xFF35, receipts.BeginCorrection, _STATE, 30, _QUIET, "2 4", "begin correction", "Начать формирование чека коррекции"),
    _row(0xFF36, receipts.Correction, _COMMIT, 30, _PRINTS, "2 4", "form correction", "Сформировать чек коррекции"),
    _row(0xFF37, drive.BeginSettlementReport, _STATE, 30, _QUIET, "4", "begin settlement report", "Начать формирование отчёта о состоянии расчётов"),
    _row(0xFF38, drive.SettlementReport, _COMMIT, 60, _PRINTS, "4", "form settlement report", "Сформировать отчёт о состоянии расчётов"),
    _row(0xFF39, exchange.ExchangeStatus, _READ, 5, _QUIET, "any", "exchange status", "Получить статус информационного обмена"),
    _row(0xFF3A, drive.SelectDocument, _IDEM, 5, _QUIET, "any", "select document", "Запросить фискальный документ в TLV формате"),
    _row(0xFF3B, drive.ReadDocument, _STATE, 5, _QUIET, "any", "read document", "Чтение TLV фискального документа"),
    _row(0xFF3C, exchange.OperatorTicket, _READ, 5, _QUIET, "any", "operator's ticket", "Запрос квитанции о получении данных в ОФД по номеру документа"),
    _row(0xFF3D, drive.BeginClosing, _STATE, 30, _QUIET, "4", "begin closing the drive", "Начать закрытие фискального режима"),
    _row(0xFF3E, drive.CloseDrive, _COMMIT, 60, _PRINTS, "4", "close the drive", "Закрыть фискальный режим"),
    _row(0xFF3F, drive.Unconfirmed, _READ, 5, _QUIET, "any", "unconfirmed documents", "Запрос количества ФД на которые нет квитанции"),
    _row(0xFF40, drive.ShiftParameters, _READ, 5, _QUIET, "any", "shift parameters", "Запрос параметров текущей смены"),
    _row(0xFF41, shift.BeginOpenShift, _STATE, 30, _QUIET, "4", "begin opening the shift", "Начать открытие смены"),
    _row(0xFF42, shift.BeginCloseShift, _STATE, 30, _QUIET, "2 3", "begin closing the shift", "Начать закрытие смены"),
    _row(0xFF43, shift.CloseShiftInDrive, _COMMIT, 65, _PRINTS, "2 3 -> 4", "close shift in the drive", "Закрыть смену в ФН"),
    _row(0xFF44, receipts.TaxedOperation, _STATE, 30, _PRINTS, "8", "operation with tax sum (old)", "Операция со скидками вариант 2"),
    _row(0xFF45, receipts.CloseReceipt, _COMMIT, 30, _PRINTS, "8 -> 2 3", "close receipt", "Закрытие чека расширенное вариант №2"),
    _row(0xFF46, receipts.Operation, _STATE, 30, _PRINTS, "2 8 -> 8", "operation", "Операция V2"),
    _row(0xFF4A, receipts.CorrectionV2, _COMMIT, 30, _PRINTS, "2 4", "form correction V2", "Сформировать чек коррекции V2"),
    _row(0xFF4B, receipts.ReceiptDiscount, _STATE, 30, _PRINTS, "8", "receipt discount", "Скидка, надбавка на чек для Роснефти"),
    _row(0xFF4C, drive.RegistrationTotalsV2, _READ, 5, _QUIET, "any", "registration totals V2", "Запрос итогов фискализации (перерегистрации) V2"),
    _row(0xFF4D, receipts.SendItemTlv, _STATE, 30, _QUIET, "8", "send item TLV", "Передать произвольную TLV структуру привязанную к операции"),
    _row(0xFF4E, service.WriteFirmware, _IDEM, 30, _QUIET, "any", "firmware block", "Запись блока данных прошивки ФР на SD карту"),
    _row(0xFF50, service.PayOnline, _STATE, 120, _QUIET, "2 3 4 8", "online payment", "Онлайн платёж"),
    _row(0xFF51, service.OnlinePayment, _READ, 10, _QUIET, "2 3 4 8", "online payment status", "Статус онлайн платежа"),
    _row(0xFF52, service.OnlineRequisite, _READ, 10, _QUIET, "2 3 4 8", "online payment requisite", "Получить реквизит последнего онлайн платежа"),
    _row(0xFF53, service.MonitoringToken, _READ, 10, _QUIET, "any", "monitoring token", "Получить токен мониторинга"),
    _row(0xFF60, drive.RegistrationParameter, _READ, 5, _QUIET, "any", "registration parameter", "Запрос параметра фискализации"),
    _row(0xFF61, marking.CheckMarking, _STATE, 40, _QUIET, "2 8", "check marking code", "Проверка маркированного товара"),
    _row(0xFF62, drive.SynchroniseRegisters, _STATE, 30, _QUIET, "4", "synchronise registers with the drive", "Синхронизировать регистры со счётчиком ФН"),
    _row(0xFF63, drive.Memory, _READ, 5, _QUIET, "any", "drive memory", "Запрос ресурса свободной памяти в ФН"),
    _row(0xFF64, receipts.SendTlvFromBuffer, _STATE, 30, _QUIET, "any", "send TLV from the buffer", "Передача в ФН TLV из буфера"),
    _row(0xFF65, service.Challenge, _STATE, 5, _QUIET, "any", "challenge", "Получить случайную последовательность"),
    _row(0xFF66, service.Authorise, _STATE, 5, _QUIET, "any", "authorise", "Авторизоваться"),
    _row(0xFF67, marking.BindMarking, _STATE, 40, _QUIET, "8", "bind marking code", "Привязка маркированного товара к позиции"),
    _row(0xFF68, marking.MarkingNotifications, _READ, 5, _QUIET, "any", "marking notifications", "Получить состояние по передаче уведомлений о реализации маркированных товаров"),
    _row(0xFF69, marking.DecideMarking, _STATE, 30, _QUIET, "2 8", "accept or reject marking code", "Принять или отвергнуть введенный код маркировки"),
    _row(0xFF70, marking.MarkingStatus, _READ, 5, _QUIET, "any", "marking status", "Запрос статуса по работе с кодами маркировки"),
    _row(0xFF71, marking.BeginUnloading, _STATE, 30, _QUIET, "4", "begin unloading notifications", "Начать выгрузку уведомлений о реализации маркированных товаров"),
    _row(0xFF72, marking.NotificationBlock, _STATE, 5, _QUIET, "any", "notification block", "Прочитать блок уведомления"),
    _row(0xFF73, marking.ConfirmNotification, _STATE, 30, _QUIET, "any", "confirm notification", "Подтвердить выгрузку уведомления"),
    _row(0xFF74, drive.DocumentSizes, _READ, 5, _QUIET, "any", "document sizes", "Запрос размера документов"),
)
# fmt: on

COMMANDS: dict[bytes, Command] = {row.code: row for row in _TABLE}
