"""Rules of IEEE 488.2 and SCPI-99 as exchanges with the tiny instrument; every front must pass them all.

A case sends messages in order. A message with a reply is a query, one with None is only sent; `errors` are the numbers
that must stand in the error queue afterwards, in order, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

OK = '0,"No error"'


@dataclass(frozen=True, slots=True)
class Case:
    """Hold one rule's example."""

    rule: str
    """What is prescribed."""
    exchange: tuple[tuple[str, str | None], ...]
    """(sent, reply) in order."""
    errors: tuple[int, ...] = ()
    """Numbers left in the error queue."""

    def __str__(self) -> str:
        return f"{self.rule}: {self.exchange[0][0]}"


def _each(rule: str, *pairs: tuple[str, str | None], errors: tuple[int, ...] = ()) -> list[Case]:
    """Return one case per pair, all with the same errors."""
    return [Case(rule, (pair,), errors) for pair in pairs]


def _refused(rule: str, *pairs: tuple[str, int]) -> list[Case]:
    """Return one case per message that is refused with one error and has no reply."""
    return [Case(rule, ((message, None),), (code,)) for message, code in pairs]


def _set(rule: str, *triples: tuple[str, str, str]) -> list[Case]:
    """Return one case per (set, query, reply)."""
    return [Case(rule, ((send, None), (ask, reply))) for send, ask, reply in triples]


HEADERS = [
    *_each(
        "short and long forms, any case",
        ("LEV?", "0"),
        ("LEVEL?", "0"),
        ("lev?", "0"),
        ("Level?", "0"),
        ("lEvEl:aMpL?", "0"),
        ("SOUR:LEV?", "0"),
        ("source:level:amplitude?", "0"),
    ),
    *_refused(
        "forms in between do not exist",
        ("LEVE?", -113),
        ("SOURC:LEV?", -113),
        ("LE?", -113),
        ("APERT?", -113),
        ("FREQU 5", -113),
    ),
    *_each(
        "optional nodes",
        ("SOUR:LEV:AMPL?", "0"),
        ("LEV:AMPL?", "0"),
        ("SOUR:LEV?", "0"),
        ("FREQ:CW?", "1000"),
        ("FREQ?", "1000"),
    ),
    *_refused("an optional node alone is no header", ("AMPL?", -113), ("SOUR?", -113), ("CW?", -113)),
    *_each("a leading colon starts at the root", (":LEV?", "0"), (":SOUR:LEV:AMPL?", "0"), (":SYST:ERR?", OK)),
    *_refused("a colon does not stand before a common command", (":*IDN?", -102), ("::LEV?", -102), ("LEV:?", -111)),
    *_each(
        "numeric suffixes, 1 when left out",
        ("CHAN1:NAME?", '"in""1"'),
        ("CHAN:NAME?", '"in""1"'),
        ("CHANNEL4:NAME?", '"in""4"'),
        ("chan2:name?", '"in""2"'),
        ("CHAN03:NAME?", '"in""3"'),
    ),
    *_refused(
        "a numeric suffix out of range, or where there is none",
        ("CHAN5:NAME?", -114),
        ("CHAN0:NAME?", -114),
        ("CHAN99999999:NAME?", -114),
        ("LEV2?", -113),
        ("APER1?", -113),
    ),
    *_refused(
        "undefined headers",
        ("NOPE", -113),
        ("NOPE?", -113),
        ("LEV:NOPE?", -113),
        ("*NOP", -113),
        ("*NOP?", -113),
        ("READ", -113),
        ("INIT?", -113),
        ("*RST?", -113),
        ("*IDN", -113),
    ),
    *_refused("a mnemonic has at most 12 characters", ("ABCDEFGHIJKLM?", -112), ("LEV:ABCDEFGHIJKLM 1", -112)),
    *_refused(
        "a blank separates header and data", ("LEV,5", -111), ("LEV#15", -111), ('DISP:TEXT"A"', -111), ("LEV?5", -111)
    ),
]

COMPOUND = [
    Case("replies of one message are joined by semicolons", ((":LEV?;:FREQ?", "0;1000"),)),
    Case("replies of one message are joined by semicolons", (("*ESR?;*ESR?;*SRE?", "128;0;0"),)),
    Case("the path of the last header holds for the next", (("LEV:AMPL 5;LIM 50;AMPL?;LIM?", "5;50"),)),
    Case("the path of the last header holds for the next", (("SOUR:LEV 5;LEV?", "5"),)),
    Case("the path of the last header holds for the next", (("TRIG:SOUR BUS;COUN 3;SOUR?;COUN?", "BUS;3"),)),
    Case("the path of the last header holds for the next", (("SOUR:LEV:LIM 50;:LEV 5;LEV?", "5"),)),
    Case("the path of the last header holds for the next", ((":TRIG:SOUR BUS;COUN 3;COUN?", "3"),)),
    Case("the path of the last header holds for the next", ((":SOUR:LEV:LIM 50;AMPL 5;LIM?", "50"),)),
    Case("a header is not sought at the root after a path", (("TRIG:SOUR BUS;LEV 5", None),), (-113,)),
    Case("a colon returns to the root", (("TRIG:SOUR BUS;:LEV 5;:LEV?", "5"),)),
    Case("common commands leave the path alone", (("TRIG:SOUR BUS;*CLS;COUN 3;COUN?", "3"),)),
    Case("common commands leave the path alone", (("TRIG:COUN 4;*ESR?;COUN?", "128;4"),)),
    Case("a new message starts at the root", (("TRIG:SOUR BUS", None), ("COUN 3;:COUN?", "3"))),
    Case("empty units are passed over", ((";LEV?", "0"),)),
    Case("empty units are passed over", (("LEV?;", "0"),)),
    Case("empty units are passed over", ((":LEV?;;;:FREQ?", "0;1000"),)),
    Case("blanks may stand around separators", (("  LEV?  ;  :FREQ?  ", "0;1000"),)),
    Case("blanks may stand around separators", (("LEV\t 5 ;\t:LEV?", "5"),)),
    Case("an empty message does nothing", (("", None), ("LEV?", "0"))),
    Case("an empty message does nothing", (("   ", None), ("LEV?", "0"))),
    Case(
        "units before an error are executed, those after it are lost",
        (("LEV 5;:NOPE;:LEV 6", None), ("LEV?", "5")),
        (-113,),
    ),
    Case("an execution error does not stop the message", (("LEV 500;:FREQ 2000", None), ("FREQ?", "2000")), (-222,)),
    Case("a query that fails leaves its place out", (("LEV?;:FETC?;:FREQ?", "0;1000"),), (-230,)),
    Case("nothing follows an indefinite reply", (("*IDN?;:LEV?", "CALTWIN,TINY,TINY-1,1.0"),), (-440,)),
    Case("an indefinite reply may come last", ((":LEV?;*IDN?", "0;CALTWIN,TINY,TINY-1,1.0"),)),
]

NUMBERS = [
    *_set(
        "decimal numbers in every notation",
        ("LEV 5", "LEV?", "5"),
        ("LEV +5", "LEV?", "5"),
        ("LEV 5.", "LEV?", "5"),
        ("LEV .5", "LEV?", "0.5"),
        ("LEV 5.25", "LEV?", "5.25"),
        ("LEV 5e1", "LEV?", "50"),
        ("LEV 5E+1", "LEV?", "50"),
        ("LEV 500E-1", "LEV?", "50"),
        ("LEV 5 E 1", "LEV?", "50"),
        ("LEV 5.00000e+00", "LEV?", "5"),
        ("LEV 010", "LEV?", "10"),
        ("LEV -0", "LEV?", "-0"),
    ),
    *_set(
        "non-decimal numbers",
        ("COUN #H1F", "COUN?", "31"),
        ("COUN #h1f", "COUN?", "31"),
        ("COUN #Q17", "COUN?", "15"),
        ("COUN #B101", "COUN?", "5"),
    ),
    *_set(
        "integers are rounded, half away from zero",
        ("COUN 2.4", "COUN?", "2"),
        ("COUN 2.5", "COUN?", "3"),
        ("COUN 1E2", "COUN?", "100"),
    ),
    *_set(
        "units with multipliers",
        ("LEV 5V", "LEV?", "5"),
        ("LEV 5 V", "LEV?", "5"),
        ("LEV 5v", "LEV?", "5"),
        ("LEV 500 mV", "LEV?", "0.5"),
        ("LEV 5000 UV", "LEV?", "0.005"),
        ("LEV 0.01KV", "LEV?", "10"),
        ("APER 20 MS", "APER?", "0.02"),
        ("APER 2000 us", "APER?", "0.002"),
        ("FREQ 2 KHZ", "FREQ?", "2000"),
    ),
    *_set(
        "M is mega for hertz and ohm",
        ("FREQ 2 MHZ", "FREQ?", "2000000"),
        ("FREQ 2 MAHZ", "FREQ?", "2000000"),
        ("RES 2 MOHM", "RES?", "2000000"),
        ("RES 2 mohm", "RES?", "2000000"),
        ("RES 2 KOHM", "RES?", "2000"),
        ("FREQ 0.1 GHZ", "FREQ?", "100000000"),
    ),
    *_refused(
        "wrong units",
        ("LEV 5 A", -131),
        ("LEV 5 HZ", -131),
        ("LEV 5 QV", -131),
        ("FREQ 5 V", -131),
        ("COUN 5 V", -138),
        ("LEV 5 MILLIVOLTSSSSS", -134),
    ),
    *_refused("too large to be a number", ("LEV 1E40000", -123), ("LEV 1E-40000", -123), ("LEV " + "1" * 300, -124)),
    *_refused(
        "out of range",
        ("LEV 101", -222),
        ("LEV -1", -222),
        ("LEV 1e30", -222),
        ("LEV 1E400", -222),
        ("COUN 0", -222),
        ("APER 100 S", -222),
        ("FREQ 0", -222),
    ),
    *_each(
        "MIN, MAX and DEF in queries",
        ("LEV? MIN", "0"),
        ("LEV? MAX", "100"),
        ("LEV? DEF", "0"),
        ("LEV? MINIMUM", "0"),
        ("lev? maximum", "100"),
        ("FREQ? DEFAULT", "1000"),
        ("COUN? MAX", "1000"),
    ),
    *_set(
        "MIN, MAX and DEF as values",
        ("LEV MAX", "LEV?", "100"),
        ("FREQ MINimum", "FREQ?", "1"),
        ("FREQ 5;FREQ DEF", "FREQ?", "1000"),
        ("COUN MAX", "COUN?", "1000"),
        ("TRIG:COUN INF", "TRIG:COUN?", "9.9E+37"),
        ("TRIG:COUN infinity", "TRIG:COUN?", "9.9E+37"),
    ),
    Case("limits may depend on the state", (("LEV:LIM 10", None), ("LEV? MAX", "10"), ("LEV 20", None)), (-222,)),
    *_refused(
        "other words are no numbers", ("LEV MAXI", -141), ("LEV NOPE", -141), ("LEV? NOPE", -108), ("BOTH? MIN", -108)
    ),
    *_set(
        "resolution and clipping", ("DEL 1.2345", "DEL?", "1.234"), ("CLIP 5", "CLIP?", "1"), ("CLIP -5", "CLIP?", "0")
    ),
]

PARAMETERS = [
    *_set(
        "Boolean",
        ("OUTP ON", "OUTP?", "1"),
        ("OUTP 1", "OUTP?", "1"),
        ("OUTP on", "OUTP?", "1"),
        ("OUTP 5", "OUTP?", "1"),
        ("OUTP:STAT 1.0", "OUTP?", "1"),
        ("OUTP ON;:OUTP OFF", "OUTP?", "0"),
        ("OUTP ON;:OUTP 0", "OUTP?", "0"),
        ("OUTP ON;:OUTP 0.4", "OUTP?", "0"),
    ),
    *_refused("Boolean", ("OUTP YES", -141), ('OUTP "ON"', -158), ("OUTP 1 V", -138)),
    *_set(
        "character data, answered in the short form",
        ("TRIG:SOUR BUS", "TRIG:SOUR?", "BUS"),
        ("TRIG:SOUR ext", "TRIG:SOUR?", "EXT"),
        ("TRIG:SOUR EXTERNAL", "TRIG:SOUR?", "EXT"),
        ("TRIG:SOUR IMMediate", "TRIG:SOUR?", "IMM"),
    ),
    *_refused("character data", ("TRIG:SOUR EXTE", -224), ("TRIG:SOUR 1", -128), ("TRIG:SOUR ABCDEFGHIJKLM", -144)),
    *_set(
        "string data",
        ('DISP:TEXT "Hello"', "DISP:TEXT?", '"Hello"'),
        ("DISP:TEXT 'Hello'", "DISP:TEXT?", '"Hello"'),
        ('DISP:TEXT "say ""hi"""', "DISP:TEXT?", '"say ""hi"""'),
        ("DISP:TEXT 'it''s'", "DISP:TEXT?", '"it\'s"'),
        ('DISP:TEXT "a;b,c:d"', "DISP:TEXT?", '"a;b,c:d"'),
        ('DISP:TEXT ""', "DISP:TEXT?", '""'),
        ('FUNC "CURR"', "FUNC?", '"CURR"'),
        ('FUNC "VOLT:DC"', "FUNC?", '"VOLT:DC"'),
        ("FUNC 'current'", "FUNC?", '"CURR"'),
    ),
    *_refused(
        "string data",
        ('DISP:TEXT "open', -151),
        ("DISP:TEXT open", -148),
        ("DISP:TEXT 5", -128),
        ('DISP:TEXT "123456789012345678901"', -223),
        ('FUNC "NOPE"', -224),
    ),
    *_set(
        "channel lists",
        ("ROUT:SCAN (@1)", "ROUT:SCAN?", "1"),
        ("ROUT:SCAN (@1,3)", "ROUT:SCAN?", "1,3"),
        ("ROUT:SCAN (@1,3:5)", "ROUT:SCAN?", "1,3,4,5"),
        ("ROUT:SCAN (@ 1 , 3 )", "ROUT:SCAN?", "1,3"),
        ("ROUT:SCAN (@5:3)", "ROUT:SCAN?", "5,4,3"),
    ),
    *_refused(
        "channel lists",
        ("ROUT:SCAN (@9)", -222),
        ("ROUT:SCAN (@1:99)", -222),
        ("ROUT:SCAN (1,2)", -171),
        ("ROUT:SCAN (@1", -171),
        ("ROUT:SCAN (@A)", -171),
        ("ROUT:SCAN 1", -128),
    ),
    *_set("expressions", ("CALC:EXPR (A+(B*2))", "CALC:EXPR?", "A+(B*2)")),
    *_set(
        "blocks",
        ("DATA #15abcde", "DATA?", "#15abcde"),
        ("DATA #205a;b,c", "DATA?", "#15a;b,c"),
        ("DATA #0abc", "DATA?", "#13abc"),
    ),
    *_refused(
        "blocks", ("DATA 5", -128), ("DATA #9", -161), ('DATA "a"', -158), ("LEV #13abc", -168), ("LEV #X1", -121)
    ),
    *_refused(
        "number of parameters",
        ("LEV", -109),
        ("LEV 1,2", -108),
        ("*RST 1", -108),
        ("READ? 1", -108),
        ("*ESE", -109),
        ("LEV? MIN,MAX", -108),
        ("SCAL", -109),
        ("SCAL 1,2,3", -108),
        ("FORM:ELEM VOLT,TIME,VOLT", -108),
    ),
    *_set(
        "optional and repeated parameters",
        ("SCAL 3", "SCAL?", "3.0,2.0"),
        ("SCAL 3,4", "SCAL?", "3.0,4.0"),
        ("FORM:ELEM TIME", "FORM:ELEM?", "TIME"),
        ("FORM:ELEM VOLTAGE , TIME", "FORM:ELEM?", "VOLTage,TIME"),
    ),
    *_refused(
        "separators between parameters",
        ("SCAL 1 2", -103),
        ("SCAL 1,,2", -102),
        ("SCAL 1,", -102),
        ("SCAL ,1", -102),
        ("LEV @", -102),
        ("LEV 5 $", -103),
    ),
    *_refused(
        "characters that no message has",
        ("\x80LEV 5", -101),
        ("LEV \xff", -101),
        ("5", -102),
        ("?", -102),
        ("=LEV", -102),
    ),
    Case("a guard refuses", (("SYST:LOCK ON", None), ("OUTP ON", None), ("OUTP?", "0")), (-203,)),
]

STATUS = [
    Case("power-on sets ESR bit 7, reading clears it", (("*ESR?", "128"), ("*ESR?", "0"))),
    Case("command errors set ESR bit 5", (("*CLS;NOPE", None), ("*ESR?", "32")), (-113,)),
    Case("execution errors set ESR bit 4", (("*CLS;:LEV 500", None), ("*ESR?", "16")), (-222,)),
    Case("device errors set ESR bit 3", (("*CLS;:FAIL 1", None), ("*ESR?", "8")), (-310,)),
    Case("device errors may have numbers of the model", (("*CLS;:FAIL 0", None), ("*ESR?", "8")), (150,)),
    Case("query errors set ESR bit 2", (("*CLS;*IDN?;*ESR?", "CALTWIN,TINY,TINY-1,1.0"), ("*ESR?", "4")), (-440,)),
    Case(
        "errors are read oldest first",
        (
            ("NOPE", None),
            ("LEV 500", None),
            ("SYST:ERR?", '-113,"Undefined header"'),
            ("SYST:ERR?", '-222,"Data out of range"'),
            ("SYST:ERR?", OK),
        ),
    ),
    Case("SYST:ERR:NEXT? is SYST:ERR?", (("NOPE", None), ("SYST:ERR:NEXT?", '-113,"Undefined header"'))),
    Case("errors are counted", (("NOPE", None), ("NOPE", None), ("SYST:ERR:COUN?", "2")), (-113, -113)),
    Case(
        "all errors at once",
        (
            ("NOPE", None),
            ("LEV 500", None),
            ("SYST:ERR:ALL?", '-113,"Undefined header",-222,"Data out of range"'),
            ("SYST:ERR:ALL?", OK),
        ),
    ),
    Case("an overflow replaces the last entry", tuple([("NOPE", None)] * 25), tuple([-113] * 19 + [-350])),
    Case("*CLS empties queue and events", (("NOPE", None), ("*CLS", None), ("SYST:ERR?", OK), ("*ESR?", "0"))),
    Case(
        "*RST leaves queue and events alone",
        (("NOPE", None), ("*RST", None), ("*ESR?", "160"), ("SYST:ERR?", '-113,"Undefined header"')),
    ),
    Case("*RST leaves masks alone", (("*ESE 36;*SRE 16", None), ("*RST", None), ("*ESE?;*SRE?", "36;16"))),
    Case("*CLS leaves masks alone", (("*ESE 36;*SRE 16;*CLS", None), ("*ESE?;*SRE?", "36;16"))),
    Case(
        "*RST resets settings",
        (
            ("LEV 5;:FREQ 2;:OUTP ON;:CHAN2:GAIN 3", None),
            ("*RST", None),
            (":LEV?;:FREQ?;:OUTP?;:CHAN2:GAIN?", "0;1000;0;1"),
        ),
    ),
    Case("*SRE bit 6 stays 0", (("*SRE 255", None), ("*SRE?", "191"))),
    *_refused("masks are bytes", ("*ESE 256", -222), ("*SRE -1", -222)),
    Case(
        "STB bit 2 is the error queue",
        (("NOPE", None), ("*STB?", "4"), ("SYST:ERR?", '-113,"Undefined header"'), ("*STB?", "0")),
    ),
    Case("STB bit 5 sums the enabled events", (("*CLS;*ESE 32", None), ("NOPE", None), ("*STB?", "36")), (-113,)),
    Case("STB bit 5 ignores others", (("*CLS;*ESE 16", None), ("NOPE", None), ("*STB?", "4")), (-113,)),
    Case(
        "STB bit 6 is the master summary", (("*CLS;*ESE 32;*SRE 32", None), ("NOPE", None), ("*STB?", "100")), (-113,)
    ),
    Case("STB bit 4 is a reply that waits", (("*CLS", None), (":LEV?;*STB?", "0;16"))),
    Case(
        "condition, event and enable",
        (
            ("COND ON", None),
            ("STAT:QUES:COND?", "1"),
            ("STAT:QUES?", "1"),
            ("STAT:QUES:EVEN?", "0"),
            ("STAT:QUES:COND?", "1"),
        ),
    ),
    Case(
        "STB bit 3 sums QUEStionable",
        (("STAT:QUES:ENAB 1", None), ("COND ON", None), ("*STB?", "8"), ("STAT:QUES?", "1"), ("*STB?", "0")),
    ),
    Case("STB bit 7 sums OPERation", (("STAT:OPER:ENAB 16", None), ("COND ON", None), ("*STB?", "128"))),
    Case(
        "negative transitions",
        (
            ("STAT:OPER:PTR 0;NTR 16", None),
            ("COND ON", None),
            ("STAT:OPER?", "0"),
            ("COND OFF", None),
            ("STAT:OPER?", "16"),
        ),
    ),
    Case("bit 15 is never used", (("STAT:OPER:ENAB 65535", None), ("STAT:OPER:ENAB?", "32767"))),
    Case(
        "STAT:PRES",
        (("STAT:QUES:ENAB 1;PTR 0;NTR 1", None), ("STAT:PRES", None), ("STAT:QUES:ENAB?;PTR?;NTR?", "0;32767;0")),
    ),
    Case("*CLS clears SCPI events", (("COND ON", None), ("*CLS", None), ("STAT:QUES?;:STAT:OPER?", "0;0"))),
]

COMMON = [
    *_each(
        "identification and version",
        ("*IDN?", "CALTWIN,TINY,TINY-1,1.0"),
        ("*OPT?", "0"),
        ("*TST?", "0"),
        ("SYST:VERS?", "1999.0"),
        ("*idn?", "CALTWIN,TINY,TINY-1,1.0"),
    ),
    Case("*SAV and *RCL", (("LEV 7;*SAV 3", None), ("LEV 1", None), ("*RCL 3", None), ("LEV?", "7"))),
    Case("*RCL does not touch masks", (("*ESE 4;*SAV 1;*ESE 8", None), ("*RCL 1", None), ("*ESE?", "8"))),
    *_refused("*SAV and *RCL", ("*RCL 5", -224), ("*SAV 10", -222), ("*SAV", -109)),
    Case("*OPC with nothing pending", (("*CLS;*OPC", None), ("*ESR?", "1"))),
    Case("*OPC? with nothing pending", (("*OPC?", "1"),)),
    Case("*OPC? waits for an operation", (("INIT;*OPC?", "1"), ("FETC?", "0.000000E+00"))),
    Case("*WAI waits for an operation", (("INIT;*WAI;:FETC?", "0.000000E+00"),)),
    Case("without *WAI nothing waits", (("INIT;:FETC?", None),), (-230,)),
    Case(
        "*OPC sets ESR bit 0 at the end, not before",
        (("*CLS;:APER 1;:INIT;*OPC", None), ("*ESR?", "0"), ("*WAI;*ESR?", "1")),
    ),
    Case("*CLS forgets *OPC", (("*CLS;:INIT;*OPC;*CLS", None), ("*WAI;*ESR?", "0"))),
    Case("*RST aborts an operation", (("APER 10;:INIT;*RST;*OPC?", "1"), ("FETC?", None)), (-230,)),
    Case("ABOR ends an operation", (("APER 10;:INIT;:ABOR;*OPC?", "1"),)),
    Case("a second INIT is ignored", (("INIT;INIT", None), ("*OPC?", "1")), (-213,)),
    Case("a trigger that nothing waits for is ignored", (("*TRG", None),), (-211,)),
    Case("*TRG", (("TRIG:SOUR BUS;:INIT;*TRG;*WAI;:FETC?", "0.000000E+00"),)),
    Case("overload is 9.9E37", (("OVER?", "9.900000E+37"),)),
    Case("a reply may have several fields", (("BOTH?", "1.500E+00,2.2"),)),
    Case("a unit begins when the one before is over", (("SLOW;SLOW?;SLOW?", "0.5002;0.7502"),)),
]

CASES: list[Case] = [*HEADERS, *COMPOUND, *NUMBERS, *PARAMETERS, *STATUS, *COMMON]
