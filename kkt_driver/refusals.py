"""What a register's error byte means and whose business it is: one line a code, in the manual's order.

The *disposition* says what to do with the receipt in hand:

* ``content``: the receipt itself cannot be registered as it is; every register would refuse it. Tell the shop.
* ``station``: this register or its drive cannot now; the same receipt may go to another one.
* ``transient``: not executed and soon over; wait and send the same command again.

When in doubt a code is ``station``: a receipt is never refused for what may be a register's fault. `source` is who
refuses: FN is the drive (codes from A0h up are its codes from 32h up, shifted by 6Eh), KKT the register.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["OF_COMMAND", "REFUSALS", "Disposition", "Refusal", "refusal_of"]

Disposition = Literal["content", "station", "transient"]

CONTENT: Disposition = "content"
STATION: Disposition = "station"
TRANSIENT: Disposition = "transient"


class Refusal(NamedTuple):
    """One error code."""

    code: int
    name: str
    message_ru: str
    disposition: Disposition
    source: str


# ruff: noqa: E501  (a table: one line a code)
# fmt: off
_TABLE = (
    Refusal(0x01, "Unknown command, bad format or unknown parameters", "Неизвестная команда, неверный формат посылки или неизвестные параметры", STATION, "FN"),
    Refusal(0x02, "FN is in another state", "Неверное состояние ФН", STATION, "FN"),
    Refusal(0x03, "FN failure", "Отказ ФН", STATION, "FN"),
    Refusal(0x04, "Crypto-coprocessor failure", "Отказ КС", STATION, "FN"),
    Refusal(0x05, "Command parameters do not match the FN life time", "Параметры команды не соответствуют сроку жизни ФН", STATION, "FN"),
    Refusal(0x06, "FN archive is full", "Архив ФН переполнен", STATION, "FN"),
    Refusal(0x07, "Wrong date and/or time", "Неверные дата и/или время", STATION, "FN"),
    Refusal(0x08, "No requested data", "Нет запрошенных данных", STATION, "FN"),
    Refusal(0x09, "Wrong parameter value", "Некорректное значение параметров команды", CONTENT, "FN"),
    Refusal(0x0A, "Incorrect command", "Некорректная команда", STATION, "FN"),
    Refusal(0x0B, "Requisites not allowed", "Неразрешенные реквизиты", CONTENT, "FN"),
    Refusal(0x0C, "Duplicated data", "Дублирование данных", CONTENT, "FN"),
    Refusal(0x0D, "Data needed for accounting in the FN are missing", "Отсутствуют данные, необходимые для корректного учета в ФН", CONTENT, "FN"),
    Refusal(0x0E, "Too many items in the document", "Количество позиций в документе превысило допустимый предел", CONTENT, "FN"),
    Refusal(0x10, "TLV data too large", "Превышение размеров TLV данных", CONTENT, "FN"),
    Refusal(0x11, "No transport connection", "Нет транспортного соединения", TRANSIENT, "FN"),
    Refusal(0x12, "FN resource exhausted", "Исчерпан ресурс ФН", STATION, "FN"),
    Refusal(0x14, "FN resource limit", "Ограничение ресурса ФН", STATION, "FN"),
    Refusal(0x15, "Waiting-to-send resource exhausted", "Исчерпан ресурс ожидания передачи сообщения", STATION, "FN"),
    Refusal(0x16, "Shift longer than 24 hours", "Продолжительность смены более 24 часов", STATION, "FN"),
    Refusal(0x17, "Wrong time gap between fiscal documents", "Некорректные данные о промежутке времени между фискальными документами", STATION, "FN"),
    Refusal(0x18, "Incorrect requisite passed to the FN", "Некорректный реквизит, переданный ККТ в ФН", CONTENT, "FN"),
    Refusal(0x19, "Requisite contradicts the registration", "Реквизит не соответствует установкам при регистрации", STATION, "FN"),
    Refusal(0x20, "OFD message cannot be accepted", "Сообщение от ОФД не может быть принято", STATION, "FN"),
    Refusal(0x21, "No link to the FN, fatal", "Нет связи с ФН", STATION, "FN"),
    Refusal(0x23, "Key-update service answered negatively", "Отрицательный ответ сервиса обновления ключей проверки КМ", STATION, "FN"),
    Refusal(0x24, "Unknown answer of the key-update service", "Неизвестный ответ сервиса обновления ключей проверки КМ", STATION, "FN"),
    Refusal(0x2B, "Previous command cannot be cancelled", "Невозможно отменить предыдущую команду", STATION, "KKT"),
    Refusal(0x2C, "Register already reset, a second Z report is impossible", "Обнулённая касса (повторное гашение невозможно)", STATION, "KKT"),
    Refusal(0x2D, "Department total of the receipt below the storno sum", "Сумма чека по секции меньше суммы сторно", STATION, "KKT"),
    Refusal(0x2E, "No money in the register for the payout", "В ККТ нет денег для выплаты", STATION, "KKT"),
    Refusal(0x2F, "FN exchange timeout", "Таймаут обмена с ФН", STATION, "KKT"),
    Refusal(0x30, "FN does not answer", "ФН не отвечает", STATION, "KKT"),
    Refusal(0x31, "FN exchange format error", "ФН: Ошибка в формате обмена", STATION, "KKT"),
    Refusal(0x32, "FN exchange CRC error", "ФН: Ошибка CRC", STATION, "KKT"),
    Refusal(0x33, "Incorrect parameters in the command", "Некорректные параметры в команде", CONTENT, "KKT"),
    Refusal(0x34, "No data", "Нет данных", STATION, "KKT"),
    Refusal(0x35, "Incorrect parameter for the present settings", "Некорректный параметр при данных настройках", STATION, "KKT"),
    Refusal(0x36, "Incorrect parameters for this implementation", "Некорректные параметры в команде для данной реализации ККТ", STATION, "KKT"),
    Refusal(0x37, "Command is not supported by this implementation", "Команда не поддерживается в данной реализации ККТ", STATION, "KKT"),
    Refusal(0x38, "ROM error", "Ошибка в ПЗУ", STATION, "KKT"),
    Refusal(0x39, "Internal software error", "Внутренняя ошибка ПО ККТ", STATION, "KKT"),
    Refusal(0x3A, "Overflow of the shift mark-up accumulator", "Переполнение накопления по надбавкам в смене", STATION, "KKT"),
    Refusal(0x3B, "Overflow of a shift accumulator", "Переполнение накопления в смене", STATION, "KKT"),
    Refusal(0x3C, "Shift is open, operation impossible", "Смена открыта, операция невозможна", STATION, "KKT"),
    Refusal(0x3D, "Shift is not open, operation impossible", "Смена не открыта, операция невозможна", STATION, "KKT"),
    Refusal(0x3E, "Overflow of the shift department accumulator", "Переполнение накопления по секциям в смене", STATION, "KKT"),
    Refusal(0x3F, "Overflow of the shift discount accumulator", "Переполнение накопления по скидкам в смене", STATION, "KKT"),
    Refusal(0x40, "Discount out of range", "Переполнение диапазона скидок", CONTENT, "KKT"),
    Refusal(0x41, "Cash payment out of range", "Переполнение диапазона оплаты наличными", CONTENT, "KKT"),
    Refusal(0x42, "Payment type 2 out of range", "Переполнение диапазона оплаты типом 2", CONTENT, "KKT"),
    Refusal(0x43, "Payment type 3 out of range", "Переполнение диапазона оплаты типом 3", CONTENT, "KKT"),
    Refusal(0x44, "Payment type 4 out of range", "Переполнение диапазона оплаты типом 4", CONTENT, "KKT"),
    Refusal(0x45, "Payments are below the receipt total", "Сумма всех типов оплаты меньше итога чека", CONTENT, "KKT"),
    Refusal(0x46, "Not enough cash in the drawer", "Не хватает наличности в кассе", STATION, "KKT"),
    Refusal(0x47, "Overflow of the shift tax accumulator", "Переполнение накопления по налогам в смене", STATION, "KKT"),
    Refusal(0x48, "Receipt total overflow", "Переполнение итога чека", CONTENT, "KKT"),
    Refusal(0x49, "Impossible in an open receipt of this type", "Операция невозможна в открытом чеке данного типа", CONTENT, "KKT"),
    Refusal(0x4A, "A receipt is open, operation impossible", "Открыт чек – операция невозможна", STATION, "KKT"),
    Refusal(0x4B, "Receipt buffer overflow", "Буфер чека переполнен", TRANSIENT, "KKT"),
    Refusal(0x4C, "Overflow of the shift tax-turnover accumulator", "Переполнение накопления по обороту налогов в смене", STATION, "KKT"),
    Refusal(0x4D, "Non-cash payment above the receipt total", "Вносимая безналичной оплатой сумма больше суммы чека", CONTENT, "KKT"),
    Refusal(0x4E, "Shift exceeded 24 hours", "Смена превысила 24 часа", STATION, "KKT"),
    Refusal(0x4F, "Wrong password", "Неверный пароль", STATION, "KKT"),
    Refusal(0x50, "Printing of the previous command is in progress", "Идет печать результатов выполнения предыдущей команды", TRANSIENT, "KKT"),
    Refusal(0x51, "Overflow of the shift cash accumulator", "Переполнение накоплений наличными в смене", STATION, "KKT"),
    Refusal(0x52, "Overflow of the shift accumulator of payment type 2", "Переполнение накоплений по типу оплаты 2 в смене", STATION, "KKT"),
    Refusal(0x53, "Overflow of the shift accumulator of payment type 3", "Переполнение накоплений по типу оплаты 3 в смене", STATION, "KKT"),
    Refusal(0x54, "Overflow of the shift accumulator of payment type 4", "Переполнение накоплений по типу оплаты 4 в смене", STATION, "KKT"),
    Refusal(0x55, "Receipt is closed, operation impossible", "Чек закрыт – операция невозможна", STATION, "KKT"),
    Refusal(0x56, "No document to repeat", "Нет документа для повтора", STATION, "KKT"),
    Refusal(0x58, "Waiting for the continue-printing command", "Ожидание команды продолжения печати", TRANSIENT, "KKT"),
    Refusal(0x59, "Document was opened by another operator", "Документ открыт другим оператором", STATION, "KKT"),
    Refusal(0x5A, "Discount exceeds the receipt sum", "Скидка превышает накопления в чеке", CONTENT, "KKT"),
    Refusal(0x5B, "Mark-up out of range", "Переполнение диапазона надбавок", CONTENT, "KKT"),
    Refusal(0x5C, "24 V supply is low", "Понижено напряжение 24В", STATION, "KKT"),
    Refusal(0x5D, "Table is not defined", "Таблица не определена", STATION, "KKT"),
    Refusal(0x5E, "Wrong operation", "Неверная операция", CONTENT, "KKT"),
    Refusal(0x5F, "Negative receipt total", "Отрицательный итог чека", CONTENT, "KKT"),
    Refusal(0x60, "Multiplication overflow", "Переполнение при умножении", CONTENT, "KKT"),
    Refusal(0x61, "Price out of range", "Переполнение диапазона цены", CONTENT, "KKT"),
    Refusal(0x62, "Quantity out of range", "Переполнение диапазона количества", CONTENT, "KKT"),
    Refusal(0x63, "Department out of range", "Переполнение диапазона отдела", CONTENT, "KKT"),
    Refusal(0x65, "Not enough money in the department", "Не хватает денег в секции", STATION, "KKT"),
    Refusal(0x66, "Department money overflow", "Переполнение денег в секции", STATION, "KKT"),
    Refusal(0x68, "Not enough money in the tax turnover", "Не хватает денег по обороту налогов", STATION, "KKT"),
    Refusal(0x69, "Tax turnover overflow", "Переполнение денег по обороту налогов", STATION, "KKT"),
    Refusal(0x6A, "Power error during an I2C answer", "Ошибка питания в момент ответа по I2C", STATION, "KKT"),
    Refusal(0x6B, "No receipt paper", "Нет чековой ленты", STATION, "KKT"),
    Refusal(0x6C, "No journal paper", "Нет контрольной ленты", STATION, "KKT"),
    Refusal(0x6D, "Not enough money in the tax", "Не хватает денег по налогу", STATION, "KKT"),
    Refusal(0x6E, "Tax money overflow", "Переполнение денег по налогу", STATION, "KKT"),
    Refusal(0x6F, "Shift payout overflow", "Переполнение по выплате в смене", STATION, "KKT"),
    Refusal(0x71, "Cutter error", "Ошибка отрезчика", STATION, "KKT"),
    Refusal(0x72, "Command is not supported in this submode", "Команда не поддерживается в данном подрежиме", STATION, "KKT"),
    Refusal(0x73, "Command is not supported in this mode", "Команда не поддерживается в данном режиме", STATION, "KKT"),
    Refusal(0x74, "RAM error", "Ошибка ОЗУ", STATION, "KKT"),
    Refusal(0x75, "Power supply error", "Ошибка питания", STATION, "KKT"),
    Refusal(0x76, "Printer error: no tacho pulses", "Ошибка принтера: нет импульсов с тахогенератора", STATION, "KKT"),
    Refusal(0x77, "Printer error: no sensor signal", "Ошибка принтера: нет сигнала с датчиков", STATION, "KKT"),
    Refusal(0x78, "Software was replaced", "Замена ПО", STATION, "KKT"),
    Refusal(0x79, "Clock error", "Ошибка часов", STATION, "KKT"),
    Refusal(0x7A, "Field cannot be edited", "Поле не редактируется", STATION, "KKT"),
    Refusal(0x7B, "Hardware error", "Ошибка оборудования", STATION, "KKT"),
    Refusal(0x7C, "Date does not match", "Не совпадает дата", STATION, "KKT"),
    Refusal(0x7D, "Wrong date format", "Неверный формат даты", STATION, "KKT"),
    Refusal(0x7E, "Wrong value in the length field", "Неверное значение в поле длины", STATION, "KKT"),
    Refusal(0x7F, "Receipt total out of range", "Переполнение диапазона итога чека", CONTENT, "KKT"),
    Refusal(0x84, "Cash overflow", "Переполнение наличности", STATION, "KKT"),
    Refusal(0x85, "Overflow of sales in the shift", "Переполнение по продажам в смене", STATION, "KKT"),
    Refusal(0x86, "Overflow of purchases in the shift", "Переполнение по покупкам в смене", STATION, "KKT"),
    Refusal(0x87, "Overflow of sale refunds in the shift", "Переполнение по возвратам продаж в смене", STATION, "KKT"),
    Refusal(0x88, "Overflow of purchase refunds in the shift", "Переполнение по возвратам покупок в смене", STATION, "KKT"),
    Refusal(0x89, "Overflow of cash-ins in the shift", "Переполнение по внесению в смене", STATION, "KKT"),
    Refusal(0x8A, "Overflow of mark-ups in the receipt", "Переполнение по надбавкам в чеке", CONTENT, "KKT"),
    Refusal(0x8B, "Overflow of discounts in the receipt", "Переполнение по скидкам в чеке", CONTENT, "KKT"),
    Refusal(0x8C, "Negative mark-up total in the receipt", "Отрицательный итог надбавки в чеке", CONTENT, "KKT"),
    Refusal(0x8D, "Negative discount total in the receipt", "Отрицательный итог скидки в чеке", CONTENT, "KKT"),
    Refusal(0x8E, "Zero receipt total", "Нулевой итог чека", CONTENT, "KKT"),
    Refusal(0x8F, "Register is not fiscalised", "Касса не фискализирована", STATION, "KKT"),
    Refusal(0x90, "Field exceeds the size set up", "Поле превышает размер, установленный в настройках", STATION, "KKT"),
    Refusal(0x91, "Outside the print area with this font", "Выход за границу поля печати при данных настройках шрифта", STATION, "KKT"),
    Refusal(0x92, "Fields overlap", "Наложение полей", STATION, "KKT"),
    Refusal(0x93, "RAM recovery succeeded", "Восстановление ОЗУ прошло успешно", STATION, "KKT"),
    Refusal(0x94, "Limit of operations in the receipt is exhausted", "Исчерпан лимит операций в чеке", CONTENT, "KKT"),
    Refusal(0x96, "Make the Z report first", "Выполните суточный отчет с гашением", STATION, "KKT"),
    Refusal(0x9B, "Incorrect action", "Некорректное действие", STATION, "KKT"),
    Refusal(0x9C, "Item code not found in the goods base", "Товар не найден по коду в базе товаров", CONTENT, "KKT"),
    Refusal(0x9D, "Wrong data in the goods record", "Неверные данные в записе о товаре в базе товаров", STATION, "KKT"),
    Refusal(0x9E, "Wrong size of the goods file", "Неверный размер файла базы или регистров товаров", STATION, "KKT"),
    Refusal(0xA0, "Work with marked goods is forbidden", "Запрещена работа с маркированными товарами", STATION, "FN"),
    Refusal(0xA1, "Wrong order of the marking (BXh) commands", "Неверная последовательность команд группы BXh", STATION, "FN"),
    Refusal(0xA2, "Work with marked goods is temporarily blocked", "Работа с маркированными товарами временно заблокирована", STATION, "FN"),
    Refusal(0xA3, "Marking-code check table is full", "Переполнена таблица проверки кодов маркировки", CONTENT, "FN"),
    Refusal(0xA4, "Needed requisites are missing in the TLV block", "В блоке TLV отсутствуют необходимые реквизиты", CONTENT, "FN"),
    Refusal(0xA5, "Tag 2007 holds a code not checked in the FN before", "В реквизите 2007 содержится КМ, который ранее не проверялся в ФН", CONTENT, "FN"),
    Refusal(0xAA, "Needed requisites are missing in the TLV block", "В блоке TLV отсутствуют необходимые реквизиты", CONTENT, "FN"),
    Refusal(0xAC, "Tag 2007 holds a code not checked in the FN before", "В реквизите 2007 содержится КМ, который ранее не проверялся в ФН", CONTENT, "FN"),
    Refusal(0xC0, "Check date and time (confirm them)", "Контроль даты и времени (подтвердите дату и время)", STATION, "KKT"),
    Refusal(0xC2, "Supply voltage too high", "Превышение напряжения в блоке питания", STATION, "KKT"),
    Refusal(0xC4, "Shift numbers do not match", "Несовпадение номеров смен", STATION, "KKT"),
    Refusal(0xC5, "Slip buffer is empty", "Буфер подкладного документа пуст", STATION, "KKT"),
    Refusal(0xC6, "No slip document", "Подкладной документ отсутствует", STATION, "KKT"),
    Refusal(0xC7, "Field cannot be edited in this mode", "Поле не редактируется в данном режиме", STATION, "KKT"),
    Refusal(0xC8, "No link to the printer or no tacho pulses", "Нет связи с принтером или отсутствуют импульсы от таходатчика", STATION, "KKT"),
    Refusal(0xC9, "Print head overheated", "Перегрев печатающей головки", STATION, "KKT"),
    Refusal(0xCA, "Temperature out of range", "Температура вне условий эксплуатации", STATION, "KKT"),
    Refusal(0xCB, "Wrong receipt subtotal", "Неверный подытог чека", CONTENT, "KKT"),
    Refusal(0xCE, "RAM or ROM of the register exhausted", "Объем ОЗУ или ПЗУ на ККТ исчерпан", STATION, "KKT"),
    Refusal(0xCF, "Wrong date (clock was reset?)", "Неверная дата (Часы сброшены? Установите дату!)", STATION, "KKT"),
    Refusal(0xD0, "Journal of the shift is not printed", "Отчет по контрольной ленте не распечатан", STATION, "KKT"),
    Refusal(0xD1, "No data in the buffer", "Нет данных в буфере", STATION, "KKT"),
    Refusal(0xD2, "Modem does not work", "Модем не работает", STATION, "KKT"),
    Refusal(0xD3, "Goods not produced or already out of turnover", "Товар не произведен или выбыл", CONTENT, "KKT"),
    Refusal(0xD4, "Marking code is counterfeit", "Код маркировки фальсифицирован", CONTENT, "KKT"),
    Refusal(0xD5, "Authentication error", "Ошибка аутентификации", STATION, "KKT"),
    Refusal(0xE0, "Bill acceptor link error", "Ошибка связи с купюроприемником", STATION, "KKT"),
    Refusal(0xE1, "Bill acceptor is busy", "Купюроприемник занят", STATION, "KKT"),
    Refusal(0xE2, "Receipt total differs from the bill acceptor total", "Итог чека не соответствует итогу купюроприемника", STATION, "KKT"),
    Refusal(0xE3, "Bill acceptor error", "Ошибка купюроприемника", STATION, "KKT"),
    Refusal(0xE4, "Bill acceptor total is not zero", "Итог купюроприемника не нулевой", STATION, "KKT"),
)


# What a code means for one command alone: (commands, row).
_OF_COMMAND = (
    ("23", Refusal(0x7C, "Not the date that was set: the register still waits for it", "Дата не совпадает с установленной: подтвердите её ещё раз", STATION, "KKT")),
    ("1E", Refusal(0x33, "No such row or field, or the value is outside the limits of the field", "Нет такого ряда или поля, или значение вне допустимых пределов", STATION, "KKT")),
    ("1E", Refusal(0x35, "The value does not go with the other settings", "Значение недопустимо при остальных настройках", STATION, "KKT")),
    ("1F 2D 2E", Refusal(0x5D, "No such table, row or field: a scan ends here", "Нет такой таблицы, ряда или поля", STATION, "KKT")),
    ("E0 FF0B", Refusal(0x73, "The shift is open already, or the register is not in mode 4", "Смена уже открыта, или режим не позволяет её открыть", STATION, "KKT")),
    ("E0 FF0B", Refusal(0x3C, "The shift is open already", "Смена уже открыта", STATION, "KKT")),
    ("E0 FF0B", Refusal(0x30, "The drive does not answer, or its marking keys have to be fetched once more", "ФН не отвечает или требуется повторить обновление ключей проверки", STATION, "KKT")),
    ("41 C6 FF43", Refusal(0x73, "The shift is closed already, or a receipt is open", "Смена уже закрыта, или открыт чек", STATION, "KKT")),
    ("50 51", Refusal(0x37, "This firmware has no cash in and out under format 1.2", "Внесение и выплата не поддерживаются при ФФД 1.2", STATION, "KKT")),
    ("51", Refusal(0x46, "Less cash in the drawer than is to be taken out", "В ящике меньше наличных, чем сумма выплаты", STATION, "KKT")),
    ("88", Refusal(0x73, "No receipt is open: it was closed or cancelled before, and a closed one stays", "Открытого чека нет: закрытый чек аннулировать нельзя", STATION, "KKT")),
    ("88", Refusal(0x55, "The receipt is closed: it stays", "Чек уже закрыт: аннулировать его нельзя", STATION, "KKT")),
    ("8C", Refusal(0x56, "No copy is kept, as after a restart", "Копии нет: она не сохраняется после перезапуска", STATION, "KKT")),
    ("8D", Refusal(0x73, "The shift is not open, or a receipt is open", "Смена не открыта, или чек уже открыт", STATION, "KKT")),
    ("85 8E FF45", Refusal(0x73, "No receipt is open: there is nothing to close, or it was closed before", "Открытого чека нет: закрывать нечего, или он уже закрыт", STATION, "KKT")),
    ("85 8E FF45", Refusal(0x6B, "No paper: nothing was registered, the receipt stays open", "Нет чековой ленты: чек не оформлен и остался открытым", STATION, "KKT")),
    ("85 8E FF45", Refusal(0x72, "No paper or printing: nothing was registered, the receipt stays open", "Нет бумаги или идёт печать: чек не оформлен и остался открытым", STATION, "KKT")),
    ("B0", Refusal(0x72, "Nothing is left to print", "Допечатывать нечего", STATION, "KKT")),
    ("C7", Refusal(0xD1, "No report waits in the buffer", "В буфере нет отчёта", STATION, "KKT")),
    ("FF06", Refusal(0x02, "The drive is registered already, or no registration was begun", "ФН уже зарегистрирован, или отчёт о регистрации не начат", STATION, "FN")),
    ("FF0A FF3A", Refusal(0x08, "The archive holds no document of this number", "Документа с таким номером нет в архиве", STATION, "FN")),
    ("FF0E FF60", Refusal(0x08, "The field was not given at registration", "Реквизит не указан при регистрации", STATION, "FN")),
    ("FF0C FF64", Refusal(0x02, "No document is begun that would take the fields", "Документ не начат: реквизиты передавать некуда", STATION, "FN")),
    ("FF36 FF4A", Refusal(0x37, "This firmware makes corrections as receipts with items (format 1.2)", "При ФФД 1.2 коррекция оформляется чеком с позициями", STATION, "KKT")),
    ("FF3B FF72", Refusal(0x08, "Everything was read", "Данные прочитаны до конца", STATION, "FN")),
    ("FF3C", Refusal(0x08, "The operator has not confirmed this document yet", "Квитанции ОФД на этот документ ещё нет", STATION, "FN")),
    ("FF68", Refusal(0x02, "The register works without an operator", "Касса работает в автономном режиме", STATION, "FN")),
)
# fmt: on

REFUSALS: dict[int, Refusal] = {row.code: row for row in _TABLE}
OF_COMMAND: dict[tuple[str, int], Refusal] = {
    (command, row.code): row for commands, row in _OF_COMMAND for command in commands.split()
}


def refusal_of(code: int, command: str = "") -> Refusal:
    """The row of `code`, as `command` (its code in hex) means it; of a code nobody described, a row that says so."""
    return (
        OF_COMMAND.get((command, code))
        or REFUSALS.get(code)
        or Refusal(code, f"Unknown error {code:02X}h", f"Неизвестная ошибка {code:02X}h", STATION, "KKT")
    )
