"""The settings tables of a register: names, sizes, limits and defaults as a desktop register of 2026 shows them.

Clients find tables and fields by name, so the Russian names stand exactly as firmware has them; the English remark
says what a field is for. `Settings` holds what was written over the defaults. What a setting *does* is the business
of whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["TABLES", "Field", "SettingError", "Settings", "Table"]

Value = int | str


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table. Numbers have limits; texts are Windows-1251, padded with NUL to `size`."""

    number: int
    name: str
    text: bool
    size: int
    low: int = 0
    high: int = 0
    default: Value = 0

    def encode(self, value: Value) -> bytes:
        """The value as it travels: as wide as the field."""
        if isinstance(value, int):
            return value.to_bytes(self.size, "little")
        return value.encode("cp1251", "replace")[: self.size].ljust(self.size, b"\0")

    def limits(self) -> bytes:
        """Minimum and maximum of a number as 2Eh answers them; nothing for a text."""
        return b"" if self.text else self.low.to_bytes(self.size, "little") + self.high.to_bytes(self.size, "little")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: every row has the same fields; `others` are defaults of rows that differ from the first."""

    number: int
    name: str
    rows: int
    fields: tuple[Field, ...]
    others: Mapping[tuple[int, int], Value] = field(default_factory=dict)
    by_number: Mapping[int, Field] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_number", {one.number: one for one in self.fields})


def number(at: int, name: str, size: int, low: int, high: int, default: int) -> Field:
    return Field(at, name, False, size, low, high, default)


def text(at: int, name: str, size: int, default: str = "") -> Field:
    return Field(at, name, True, size, default=default)


def reserved(at: int, name: str) -> Table:
    """A table of firmware that this register has no use for: it keeps a scan by number going."""
    return Table(at, name, rows=1, fields=(number(1, "---", 1, 0, 0, 0),))


_ROWS = (
    Table(
        1,
        "Тип и режим кассы",
        rows=1,
        fields=(
            number(1, "Номер кассы в магазине", 1, 1, 99, 1),  # register number in the shop
            number(2, "Авт. обнуление денежной наличности", 1, 0, 1, 0),  # zero the cash at Z report
            number(3, "Печать рекламного текста", 1, 0, 3, 0),  # print advertising text
            number(4, "---", 1, 0, 1, 0),
            number(5, "---", 1, 0, 2, 1),
            number(6, "Работа с денежным ящиком", 1, 0, 1, 1),  # cash drawer handling
            number(7, "Отрезка чека", 1, 0, 2, 0),  # receipt cutting
            number(8, "Печатать дробное в количестве", 1, 0, 1, 0),  # print fractional quantity
            number(9, "Лог. уровень дат. денежного ящика", 1, 0, 1, 0),
            number(10, "Длительность имп. денежного ящика", 1, 0, 255, 10),
            number(11, "Длительность паузы денежного ящика", 1, 0, 255, 1),
            number(12, "Количество имп. денежного ящика", 1, 0, 255, 1),
            number(13, "Использование весовых датчиков", 1, 0, 1, 0),  # use weight sensors
            number(14, "Начисление налогов", 1, 0, 3, 0),  # tax calculation mode
            number(15, "Автоматический перевод времени", 1, 0, 0, 0),  # automatic clock change
            number(16, "Печать налогов", 1, 1, 4, 3),  # tax printing
            number(17, "Печать заголовка", 1, 0, 1, 1),  # print header
            number(18, "Печать единичного количества", 1, 1, 1, 1),  # print single quantity
            number(19, "Сохранять строки в буфере чека", 1, 1, 1, 1),  # keep lines in the receipt buffer
            number(20, "Печать чека по закрытию", 1, 1, 1, 1),  # print the receipt at closing
            number(21, "Промотка перед отрезкой", 1, 0, 1, 0),  # feed before cutting
            number(22, "Отрезка при открытом чеке", 1, 0, 1, 0),  # cut with an open receipt
            number(23, "Запрет нулевого чека", 1, 0, 1, 0),  # forbid zero receipts
            number(24, "Отступ в строке типов оплаты", 1, 0, 1, 1),
            number(25, "Использование форматирования в чеке", 1, 0, 3, 0),
            number(26, "Обнуление счетчика чеков", 1, 0, 1, 0),  # zero the receipt counter
            number(27, "Контроль времени", 1, 0, 99, 0),  # clock control
            number(28, "Отключение звука при ошибках", 1, 0, 1, 0),  # mute on errors
            number(29, "Межстрочный интервал", 1, 0, 10, 0),
            number(30, "Тип суточного отчета", 1, 0, 4, 0),  # daily report type
            number(31, "Сжатие шрифта на чековой ленте", 1, 0, 1, 0),
            number(32, "Разгон при печати", 1, 0, 1, 1),
            number(33, "Коррекция яркости", 1, 0, 1, 0),
            number(34, "Яркость печати", 1, 0, 3, 1),
            number(35, "Печать типов оплаты", 1, 0, 2, 1),  # print payment types
            number(36, "Положение принтера", 1, 0, 1, 0),
            number(37, "Печать рнм", 1, 1, 1, 1),  # print registration number
            number(38, "Укороченное клише", 1, 0, 1, 0),
            number(39, "Печать клише после завершения документа", 1, 0, 1, 1),
            number(40, "Скорость печати", 1, 0, 2, 1),
            number(41, "Кодирование реквизитов чека", 1, 0, 1, 1),  # encode receipt requisites as QR
            number(42, "Кодирование ссылки", 1, 0, 2, 0),
            number(43, "Автопечать журнала", 1, 0, 1, 0),  # auto-print journal
            number(44, "Ведение журнала", 1, 0, 2, 0),  # keep journal
            number(45, "Режим низкого потребления", 1, 0, 1, 0),  # low-power mode
            number(46, "Признак расчета в интернет", 1, 0, 1, 0),  # internet settlement flag
            number(47, "Таймаут автовыключения (мин)", 1, 0, 250, 10),  # power-off timeout, min
            number(48, "Включение по питанию", 1, 0, 1, 1),  # switch on with power
        ),
    ),
    Table(
        2,
        "Пароли кассиров и администраторов",
        rows=30,
        fields=(
            number(1, "Пароли кассиров", 4, 0, 99999999, 1),  # cashier password
            text(2, "Должности и фамилии кассиров", 64, "КАССИР 1"),  # position and name
        ),
        others={
            **{(row, 1): row for row in range(1, 31)},
            **{(row, 2): f"КАССИР {row}" for row in range(1, 29)},
            (29, 2): "АДМИНИСТРАТОР",
            (30, 2): "СИСТ. АДМИНИСТРАТОР",
        },
    ),
    Table(
        4,
        "Текст в чеке",
        rows=14,
        fields=(
            text(1, "Запрограммированные строки", 64),  # text line
        ),
    ),
    Table(
        5,
        "Наименование типов оплаты",
        rows=16,
        fields=(
            text(1, "Запрограммированные типы оплаты", 64, "НАЛИЧНЫМИ"),  # payment type name
        ),
        others={
            (2, 1): "CREDIT",
            (3, 1): "КАРТА",
            (4, 1): "СКИДКА",
            (5, 1): "РАСШИРЕННАЯ ОПЛАТА 1",
            (6, 1): "РАСШИРЕННАЯ ОПЛАТА 2",
            (7, 1): "РАСШИРЕННАЯ ОПЛАТА 3",
            (8, 1): "РАСШИРЕННАЯ ОПЛАТА 4",
            (9, 1): "РАСШИРЕННАЯ ОПЛАТА 5",
            (10, 1): "РАСШИРЕННАЯ ОПЛАТА 6",
            (11, 1): "РАСШИРЕННАЯ ОПЛАТА 7",
            (12, 1): "РАСШИРЕННАЯ ОПЛАТА 8",
            (13, 1): "РАСШИРЕННАЯ ОПЛАТА 9",
            (14, 1): "ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА (АВАНС)",
            (15, 1): "ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)",
            (16, 1): "ИНАЯ ФОРМА ОПЛАТЫ",
        },
    ),
    Table(
        6,
        "Налоговые ставки",
        rows=12,
        fields=(
            number(1, "Величина налога", 2, 0, 9999, 2000),  # rate, hundredths of a percent
            text(2, "Название налога", 64, "НДС 20%"),  # rate name
        ),
        others={
            (2, 1): 1000,
            (3, 1): 0,
            (4, 1): 0,
            (5, 1): 2000,
            (6, 1): 1000,
            (7, 1): 500,
            (8, 1): 700,
            (9, 1): 500,
            (10, 1): 700,
            (11, 1): 2200,
            (12, 1): 2200,
            (2, 2): "НДС 10%",
            (3, 2): "НДС 0%",
            (4, 2): "БЕЗ НДС",
            (5, 2): "НДС 20/120",
            (6, 2): "НДС 10/110",
            (7, 2): "НДС 5%",
            (8, 2): "НДС 7%",
            (9, 2): "НДС 5/105%",
            (10, 2): "НДС 7/107%",
            (11, 2): "НДС 22%",
            (12, 2): "НДС 22/122",
        },
    ),
    Table(
        7,
        "Наименование отделов",
        rows=16,
        fields=(
            text(1, "Запрограммированные названия секций", 64, "1"),  # department name
        ),
        others={(row, 1): str(row) for row in range(1, 17)},
    ),
    Table(
        17,
        "Региональные настройки",
        rows=1,
        fields=(
            number(1, "Kz бин/иин", 1, 0, 1, 0),
            number(2, "Kz требовать открывать смену", 1, 0, 1, 1),
            number(3, "Rus режим исчисления скидок", 1, 0, 2, 2),  # discount calculation mode
            number(4, "Rus мин разм модуля qr", 1, 4, 7, 4),
            number(5, "Rus мин корр ошибок qr", 1, 0, 3, 1),
            number(6, "Rus мин размер qr в точках", 1, 161, 255, 161),
            number(7, "Rus не печатать документ", 1, 0, 3, 2),
            number(8, "Rus ограничить время смены", 1, 0, 60, 1),  # limit the shift, minutes before 24 h
            number(9, "Rus печатать сквозной номер", 1, 0, 2, 1),  # print through number
            number(10, "Rus печать параметров офд в чеках", 1, 0, 1, 0),  # print OFD parameters in receipts
            number(11, "Rus проверять кс инн", 1, 0, 7, 7),  # check INN checksum
            number(12, "Rus печать реквизитов пользователя", 4, 0, 524287, 63),  # print user requisites mask
            text(13, "Rus наименование реквизита пользователя", 64, "Код"),  # name of the user requisite
            number(14, "Rus печать реквизита пользователя", 1, 0, 1, 1),
            number(15, "Rus печать отмененных документов", 1, 0, 1, 0),  # print cancelled documents
            number(16, "Rus печать налога в операции", 1, 0, 3, 2),  # print tax per item
            number(17, "Rus формат фд", 1, 1, 4, 4),
            number(18, "Rus компактный заголовок", 1, 0, 9, 6),
            text(19, "Rus название бонуса 1", 32, "БОНУСЫ СПАСИБО"),
            text(20, "Rus название бонуса 2", 32, "СКИДКА"),
            number(21, "Rus паттерн сепаратора заголовка", 1, 0, 255, 126),
            number(22, "Rus высота сепаратора заголовка", 1, 0, 10, 3),
            number(23, "Rus печать номера операции", 1, 0, 2, 0),
            number(24, "Rus формат узкого заголовка", 1, 0, 1, 0),
            number(25, "Rus автопечать тегов", 1, 0, 1, 1),  # auto-print tags
            number(26, "Rus способ вычисления выручки", 1, 0, 2, 1),  # revenue calculation
            number(27, "Rus использовать футер чека", 1, 0, 1, 1),
            number(28, "Rus минимизация данных чека", 2, 0, 65535, 0),  # receipt data minimisation
            number(29, "Скрывать пароль wifi в техпрогоне", 1, 0, 1, 1),
            number(30, "Rus выравнивание qr в кз", 1, 0, 1, 1),
            number(31, "Rus реплика документа фн", 1, 0, 0, 0),  # FN document replica
            number(32, "Сбрасывать скорость rs при техпрогоне", 1, 0, 1, 1),
            number(33, "Rus автоочистка нс при регистрации", 1, 0, 1, 0),
            number(34, "Rus группировать фиск. данные", 1, 0, 1, 1),
            number(35, "Rus строгий флк", 1, 0, 1, 1),  # strict format control
            number(36, "Rus расшир. отв. на команды форм. фд", 1, 0, 1, 0),  # extended answers on documents
            number(37, "Rus количество авансов", 1, 1, 10, 1),  # number of advances
            number(38, "Rus автокоррекция ставки ндс", 1, 0, 1, 1),  # auto-correct the VAT rate
            number(39, "Rus новые заголовки реквизитов", 1, 0, 1, 1),
            number(40, "Rus способ выделения ндс", 1, 0, 1, 1),
            number(41, "Rus принимать все кт", 2, 0, 7, 0),  # accept every marking code
            number(42, "Rus добавлять адрес отправителя", 1, 0, 2, 0),  # add sender address
            number(43, "Rus использовать букву в налогах", 1, 0, 1, 0),
            number(44, "Rus замена енвд", 1, 0, 2, 1),  # replacement for ENVD
            number(45, "Rus запрет произвольной сно", 1, 0, 1, 0),  # forbid arbitrary tax system
            number(46, "Печать шрифтов", 1, 0, 1, 0),
            number(47, "Защита автоотрезчика", 1, 0, 255, 60),
            text(48, "Автопечать", 64),
            number(49, "Rus способ вычисления наличности", 1, 0, 1, 0),
            number(50, "Rus тип блока егаис", 1, 0, 1, 0),
            text(51, "Rus егаис кпп", 9),
            text(52, "Rus егаис касса", 12),
            number(53, "Rus не печатать отчеты", 1, 0, 2, 0),  # do not print reports
            number(54, "Rus звук на непечатаемых", 1, 0, 1, 1),
            number(55, "Rus пропуск пустых строк", 1, 0, 1, 0),
            number(56, "Rus шаблон окончания чека", 1, 0, 9, 6),
            number(57, "Rus заголовок чека после списка товаров", 1, 0, 1, 1),
            number(58, "Зарезервировано", 1, 0, 0, 0),
            number(59, "Зарезервировано", 1, 0, 0, 0),
            number(60, "Rus объединять мт в пф", 1, 0, 1, 1),  # join marked goods in the printed form
            number(61, "Rus проверять сохранение км в фн", 1, 0, 1, 1),
            number(62, "Rus режим загрузки пр. расч. в фн", 1, 0, 1, 0),
            number(63, "Восстанавливать время из фн при сбое пит", 1, 0, 1, 0),
            number(64, "Rus маппирование налогов", 1, 0, 5, 0),  # tax mapping
            number(65, "Rus печать нулевых счётчиков", 1, 0, 1, 1),  # print zero counters
            number(66, "Rus коррекция ошибочных марок", 1, 0, 1, 0),  # correction of bad marks
            number(67, "Rus расширенный номер ккт в магазине", 4, 1, 99999, 99999),
            number(68, "Rus объединять товары в пф", 1, 0, 1, 1),
            number(69, "Rus порог заполнения фн в чеке %", 1, 0, 100, 0),  # FN fill threshold in a receipt, %
            number(70, "Rus перезапуск после закрытия смены", 1, 0, 1, 0),  # restart after shift closing
            number(71, "Rus замена ндс 20 на 22", 1, 0, 2, 1),  # replace VAT 20 by 22
        ),
    ),
    Table(
        18,
        "Fiscal storage",
        rows=1,
        fields=(
            text(1, "Serial number", 21),  # register serial number
            text(2, "Inn", 17),  # user INN
            text(3, "Rnm", 21),  # registration number
            text(4, "Fs serial number", 17),  # FN serial number
            number(5, "Tax system", 1, 0, 255, 1),  # tax systems mask
            number(6, "Work mode", 1, 0, 255, 0),  # work mode mask
            text(7, "User", 128),  # user name
            text(8, "Operator", 64),  # operator name
            text(9, "Address", 128),  # settlement address
            text(10, "Ofd name", 128),  # OFD name
            text(11, "Ofd url", 64),  # OFD URL
            text(12, "Ofd inn", 17),  # OFD INN
            text(13, "Tax office url", 64),  # tax office URL
            text(14, "Место расчета", 128),  # settlement place
            text(15, "Эл. адр. отправителя", 64),  # sender e-mail
            number(16, "Признак агента", 1, 0, 127, 0),  # agent flags
            text(17, "User строка 2", 128),  # user name, line 2
            text(18, "Address строка 2", 128),  # address, line 2
            text(19, "Ofd name строка 2", 128),  # OFD name, line 2
            text(20, "Место расчета строка 2", 128),  # place, line 2
            number(21, "Расширенные признаки работы ккт", 1, 0, 255, 0),  # extended work mode mask
            number(22, "Код причины изм. сведений о ккт (ффд>=1.", 4, 0, 4294967295, 0),
            text(23, "Инн кассира", 13),  # cashier INN
            number(24, "Блокировка закрытия смены (дней)", 1, 3, 100, 7),  # shift-closing block, days
            number(25, "Часовая зона", 1, 0, 12, 0),  # time zone
        ),
    ),
    Table(
        19,
        "Параметры офд",
        rows=1,
        fields=(
            text(1, "Сервер", 64),  # OFD host
            number(2, "Порт", 2, 1, 65535, 7779),  # OFD port
            number(3, "Таймаут чтения ответа", 2, 300, 65535, 300),  # answer timeout, s
            number(4, "Задержка между пакетами, мс", 2, 0, 3000, 100),  # delay between packets, ms
            text(5, "Сервер км", 64),  # marking server host
            number(6, "Порт км", 2, 1, 65535, 7778),  # marking server port
            number(7, "Таймаут чтения ответа км", 2, 5, 65535, 33),  # marking answer timeout, s
            number(8, "Таймаут чтения ответа км при проверке", 2, 0, 60, 5),
            text(9, "Сервер ас окп", 128),  # key server host
            number(10, "Порт ас окп", 2, 1, 65535, 31101),  # key server port
            number(11, "Таймаут ас окп", 2, 5, 65, 5),  # key server timeout, s
        ),
    ),
    Table(
        20,
        "Статус обмена фн",
        rows=1,
        fields=(
            number(1, "Exchangestate", 1, 0, 255, 0),  # exchange state
            number(2, "Readstate", 1, 0, 255, 0),  # reading state
            number(3, "Numbermessages", 2, 0, 65535, 0),  # messages queued
            number(4, "Numberfirstdocumentqueue", 4, 0, 4294967295, 0),  # first queued document
            text(5, "Datetimefirstdocumentqueue", 32),  # its date and time
            number(6, "Last 26h cmd answer code", 1, 0, 255, 0),  # last FN answer to command 26h
            number(7, "Last ofd answer code", 1, 0, 255, 0),  # last OFD answer code
            text(8, "Log0", 64),  # log line 0
            text(9, "Log1", 64),  # log line 1
            text(10, "Log2", 64),  # log line 2
            text(11, "Log3", 64),  # log line 3
            text(12, "Log4", 64),  # log line 4
            text(13, "Log5", 64),  # log line 5
            text(14, "Log6", 64),  # log line 6
            text(15, "Log7", 64),  # log line 7
            text(16, "Log8", 64),  # log line 8
            text(17, "Log9", 64),  # log line 9
        ),
    ),
    Table(
        21,
        "Сетевые настройки",
        rows=1,
        fields=(
            number(1, "Режим ppp", 1, 0, 4, 0),  # PPP mode
            number(2, "Режим обмена с офд", 1, 0, 2, 1),
            number(3, "Запуск tcp-сервера", 1, 0, 2, 1),  # TCP server on
            number(4, "Порт tcp-сервера", 2, 0, 65535, 7778),  # TCP server port
            number(5, "Наличие wifi", 1, 0, 0, 1),  # Wi-Fi present
            number(6, "Использовать wifi", 1, 0, 3, 0),  # use Wi-Fi
            text(7, "Wifi ssid", 64),  # Wi-Fi SSID
            text(8, "Wifi passphrase", 64),  # Wi-Fi passphrase
            number(9, "Rndis", 1, 0, 2, 0),  # RNDIS
            text(10, "Версия по wifi", 32, "-"),
            text(11, "Уровень сигнала wifi", 16, "-"),
            number(12, "Использовать bluetooth", 1, 0, 2, 2),
            number(13, "Мин. уровень сигнала bt", 1, 0, 7, 4),
            number(14, "Макс. уровень сигнала bt", 1, 0, 7, 5),
            number(15, "Разрешить изменение режима соединения", 1, 0, 1, 0),
            number(16, "Таймаут tcp соединения", 2, 0, 65535, 60),  # TCP connection timeout, s
            number(17, "Пытаться подключиться по socks5 к клиент", 1, 0, 1, 1),
        ),
    ),
    Table(
        25,
        "Параметры регистрации",
        rows=1,
        fields=(
            text(1, "1048", 128),  # registration tag 1048
            text(2, "1018", 17),  # registration tag 1018
            number(3, "1062", 1, 0, 255, 0),  # registration tag 1062
            text(4, "1037", 21),  # registration tag 1037
            number(5, "1002", 1, 0, 1, 0),  # registration tag 1002
            number(6, "1221", 1, 0, 1, 0),  # registration tag 1221
            number(7, "1110", 1, 0, 1, 0),  # registration tag 1110
            number(8, "1056", 1, 0, 1, 0),  # registration tag 1056
            number(9, "1001", 1, 0, 1, 0),  # registration tag 1001
            number(10, "1108", 1, 0, 1, 0),  # registration tag 1108
            text(11, "1036", 20),  # registration tag 1036
            number(12, "1207", 1, 0, 1, 0),  # registration tag 1207
            number(13, "1109", 1, 0, 1, 0),  # registration tag 1109
            number(14, "1193", 1, 0, 1, 0),  # registration tag 1193
            number(15, "1126", 1, 0, 1, 0),  # registration tag 1126
            number(16, "1057", 1, 0, 255, 0),  # registration tag 1057
            text(17, "1021", 64),  # registration tag 1021
            text(18, "1203", 17),  # registration tag 1203
            text(19, "1009", 128),  # registration tag 1009
            text(20, "1187", 128),  # registration tag 1187
            text(21, "1060", 64),  # registration tag 1060
            text(22, "1117", 64),  # registration tag 1117
            text(23, "1017", 17),  # registration tag 1017
            text(24, "1046", 128),  # registration tag 1046
            number(25, "1209", 1, 1, 3, 0),  # registration tag 1209
            number(26, "1101", 1, 1, 4, 0),  # registration tag 1101
            number(27, "1205", 4, 0, 4294967295, 0),  # registration tag 1205
            text(28, "1048_2", 128),  # registration tag 1048, line 2
            text(29, "1009_2", 128),  # registration tag 1009, line 2
            text(30, "1187_2", 128),  # registration tag 1187, line 2
            text(31, "1046_2", 128),  # registration tag 1046, line 2
        ),
    ),
    Table(
        24,
        "Встраиваемая и интернет техника",
        rows=1,
        fields=(
            number(1, "---", 1, 0, 0, 0),
            number(2, "---", 1, 0, 0, 0),
            number(3, "---", 1, 0, 0, 0),
            number(4, "---", 1, 0, 0, 0),
            number(5, "---", 1, 0, 0, 0),
            number(6, "---", 1, 0, 0, 0),
            number(7, "---", 1, 0, 0, 0),
            number(8, "---", 1, 0, 0, 0),
            number(9, "Автоматическое закрытие смены", 1, 0, 1, 0),  # close the shift by itself
            number(10, "Автоматический отчет, часы", 1, 0, 23, 0),  # hour of the automatic report
            number(11, "Автоматический отчет, минуты", 1, 0, 59, 0),  # minute of the automatic report
            number(12, "Отчет при включении", 1, 0, 1, 0),  # report at switching on
            number(13, "Автоматическое открытие смены", 1, 0, 1, 0),  # open the shift by itself at 8Dh
            number(14, "Автоматический X отчет", 1, 0, 1, 0),  # automatic X report
        ),
    ),
    reserved(3, "Таблица перевода времени"),
    reserved(8, "Настройка шрифтов"),
    reserved(9, "Таблица формата чека"),
    reserved(10, "Служебная"),
    reserved(11, "Служебная"),
    reserved(12, "Настройки веб-ссылки"),
    reserved(13, "Веб-ссылка"),
    reserved(14, "Sdcard status"),
    reserved(15, "Сервер транзакций"),
    reserved(16, "Сетевой адрес"),
    reserved(22, "Сетевой интерфейс"),
    reserved(23, "Удаленный мониторинг"),
)

TABLES: dict[int, Table] = {table.number: table for table in sorted(_ROWS, key=lambda table: table.number)}

_READ_ONLY_FIELDS = {(18, 1), (18, 2), (18, 3), (18, 4), (18, 5), (18, 6), (21, 5), (21, 10), (21, 11)}
_READ_ONLY_TABLES = {20}
_READ_ONLY_CELLS = {(5, 1, 1)}  # cash cannot be renamed
_NOT_WITH_OPEN_SHIFT = {6}  # tax rates

_INCORRECT, _NO_TABLE, _READ_ONLY, _NOT_NOW = 0x33, 0x5D, 0x7A, 0xC7


class SettingError(Exception):
    """A table command that cannot be done; `code` is what the register answers."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code:02X}h")
        self.code = code


class Settings:
    """The tables of one register: defaults and what was written over them.

    `rows`, `fields` and `defaults` are how a model differs: shorter tables, other defaults. `version` grows with every
    change, so that whoever keeps something derived from settings knows when to look again.
    """

    def __init__(
        self,
        *,
        rows: Mapping[int, int] | None = None,
        fields: Mapping[int, int] | None = None,
        defaults: Mapping[tuple[int, int, int], Value] | None = None,
    ) -> None:
        self.version = 0
        self._rows, self._fields, self._defaults = rows or {}, fields or {}, defaults or {}
        self._written: dict[tuple[int, int, int], Value] = {}

    def number(self, table: int, row: int, field: int) -> int:
        """A numeric setting."""
        value = self._get(table, row, field)
        assert isinstance(value, int), f"field {table}.{row}.{field} is a text"
        return value

    def text(self, table: int, row: int, field: int) -> str:
        """A text setting without its padding."""
        value = self._get(table, row, field)
        assert isinstance(value, str), f"field {table}.{row}.{field} is a number"
        return value

    def put(self, table: int, row: int, field: int, value: Value) -> bool:
        """Set a value from inside the register, read-only fields too; False when nothing changed."""
        assert isinstance(value, str) == TABLES[table].by_number[field].text
        if self._get(table, row, field) == value:
            return False
        self._written[table, row, field] = value
        self.version += 1
        return True

    def written(self) -> Iterator[tuple[tuple[int, int, int], Value]]:
        """Every value that was written."""
        yield from self._written.items()

    def reset(self) -> None:
        """Back to the defaults, the drive's own data excepted."""
        self._written = {at: value for at, value in self._written.items() if at[:1] + at[2:] in _READ_ONLY_FIELDS}
        self.version += 1

    def size(self, table: int) -> tuple[int, int]:
        """2Dh: rows and fields; 5Dh for a table that is not there."""
        place = TABLES.get(table)
        if place is None:
            raise SettingError(_NO_TABLE)
        return self._rows.get(table, place.rows), min(len(place.fields), self._fields.get(table, len(place.fields)))

    def field(self, table: int, field: int) -> Field:
        """2Eh: a field of a table; 33h when there is none."""
        found = TABLES[table].by_number.get(field) if field <= self.size(table)[1] else None
        if found is None:
            raise SettingError(_INCORRECT)
        return found

    def read(self, table: int, row: int, field: int) -> bytes:
        """1Fh: the value as wide as its field."""
        return self._cell(table, row, field).encode(self._get(table, row, field))

    def parse(self, table: int, row: int, field: int, data: bytes, *, shift_open: bool) -> Value:
        """1Eh: the value a host wants to write, or the reason why not."""
        cell = self._cell(table, row, field)
        if table in _READ_ONLY_TABLES or (table, field) in _READ_ONLY_FIELDS or (table, row, field) in _READ_ONLY_CELLS:
            raise SettingError(_READ_ONLY)
        if shift_open and table in _NOT_WITH_OPEN_SHIFT:
            raise SettingError(_NOT_NOW)
        if cell.text:
            if len(data) > cell.size:
                raise SettingError(_INCORRECT)
            return data.split(b"\0", 1)[0].decode("cp1251", "replace")
        value = int.from_bytes(data, "little")
        if len(data) != cell.size or not cell.low <= value <= cell.high:
            raise SettingError(_INCORRECT)
        return value

    def _cell(self, table: int, row: int, field: int) -> Field:
        cell = self.field(table, field)
        if not 1 <= row <= self.size(table)[0]:
            raise SettingError(_INCORRECT)
        return cell

    def _get(self, table: int, row: int, field: int) -> Value:
        at = table, row, field
        value = self._written.get(at)
        if value is None:
            value = self._defaults.get(at)
        if value is None:
            place = TABLES[table]
            value = place.others.get((row, field))
            if value is None:
                value = place.by_number[field].default
        return value
