"""Sample records of the room's tests: a DC energy meter of class 0.5, verified on twins.

Every number here is invented for the tests. Rounding is done by decimal arithmetic on the spot, so that the samples do
not depend on the rooms that make real records.
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

from drivers.reading import Reading
from scenarios.record import (
    SCHEMA,
    BudgetLine,
    CertificateReference,
    Condition,
    DecisionRule,
    Device,
    Equipment,
    Figure,
    Finding,
    Interruption,
    ItemResult,
    Measurand,
    Party,
    People,
    PointResult,
    Provision,
    Rating,
    Regulation,
    Reported,
    Rule,
    RunRecord,
    Series,
    Software,
    TestPoint,
    Validation,
)
from uncertainty.conformity import Verdict, worst
from uncertainty.quantity import Quantity
from uncertainty.text import Text

RATED_CURRENT = 100.0
LOADS = (1.2, 1.0, 0.5, 0.2, 0.1, 0.05)
CURVE = {1.2: -0.082, 1.0: -0.061, 0.5: 0.024, 0.2: 0.113, 0.1: 0.187, 0.05: 0.264}


def text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def quantity(value: float, unit: str) -> Quantity:
    return Quantity(value=value, unit=unit)


def step(value: float, size: str) -> str:
    """Round half-even on a step and sign the result; exact zero stays unsigned."""
    unit = Decimal(size)
    rounded = (Decimal(repr(value)) / unit).quantize(Decimal(1), ROUND_HALF_EVEN) * unit
    return f"{rounded:+}" if rounded else f"{abs(rounded)}"


LINES = (
    ("γ_rep", "测量重复性", "Repeatability", "A", "normal", 0.0, 0.0115, "%", 9.0, 1.0),
    ("δ_S", "标准表准确度等级", "Class of the reference standard", "B", "rectangular", 0.0, 0.0115, "%", None, 1.0),
    (
        "δ_T",
        "标准表温度系数",
        "Temperature coefficient of the standard",
        "B",
        "rectangular",
        0.0,
        0.0029,
        "%",
        None,
        1.0,
    ),
    ("δ_q", "脉冲计数量化", "Quantisation of the pulse count", "B", "triangular", 0.0, 0.0020, "%", None, 1.0),
    ("E_th", "热电势", "Thermal EMF in the shunt circuit", "B", "rectangular", 0.0, 1.2e-6, "V", None, None),
    ("δ_R", "纹波影响", "Cross-ripple of voltage and current", "B", "arcsine", 0.0, 0.0035, "%", None, 1.0),
)


def budget(load: float) -> tuple[tuple[BudgetLine, ...], float]:
    rows = []
    for name, zh, en, evaluation, distribution, value, u, unit, dof, c in LINES:
        # 75 mV at rated current: the same thermal EMF weighs more at a small load.
        sensitivity = c if c is not None else 100.0 / (0.075 * load)
        rows.append(
            (name, text(zh, en), evaluation, distribution, value, u, unit, dof, sensitivity, abs(sensitivity * u))
        )
    combined = math.sqrt(sum(row[-1] ** 2 for row in rows))
    return tuple(
        BudgetLine(
            name=name,
            label=label,
            evaluation=evaluation,
            distribution=distribution,
            value=value,
            standard_uncertainty=u,
            unit=unit,
            degrees_of_freedom=dof,
            sensitivity=c,
            contribution=part,
            share=part**2 / combined**2,
        )
        for name, label, evaluation, distribution, value, u, unit, dof, c, part in rows
    ), combined


def point(
    series: str,
    load: float,
    error: float,
    *,
    mpe: float | None = None,
    label: Text | None = None,
    size: str = "0.05",
    key: str | None = None,
    settings: dict[str, Quantity] | None = None,
) -> PointResult:
    """Return a measured point whose printed numbers and verdict follow from `error` and `mpe`."""
    sign = -1.0 if series == "export" else 1.0
    limit = mpe if mpe is not None else (0.5 if load >= 0.1 else 1.0)
    lines, u = budget(load)
    U = 2 * u
    shown_U = str(Decimal(repr(U)).quantize(Decimal("0.001"), ROUND_CEILING))
    shown_error = f"{Decimal(repr(error)).quantize(Decimal('0.001'), ROUND_HALF_EVEN):+}"
    judged = step(error, size)
    reference = 0.5 * max(load, 0.05) * 2
    indication = reference * (1 + error / 100)
    zh, en = ("正向", "import") if series == "import" else ("反向", "export")
    return PointResult(
        point=TestPoint(
            key=key or f"basic_error/{series}/{load:g}In",
            label=label or text(f"{zh} {load:g} In", f"{en}, {load:g} In"),
            settings=settings
            or {"voltage": quantity(500.0, "V"), "current": quantity(sign * load * RATED_CURRENT, "A")},
            repeats=3,
            mpe=quantity(limit, "%"),
        ),
        readings=tuple(
            Reading(
                name="energy",
                indication=quantity(reference, "kWh"),
                instrument="standard",
                time_s=100.0 * i,
                raw=f"{reference:.6E}",
            )
            for i in range(3)
        ),
        errors=(error - 0.004, error + 0.001, error + 0.003),
        reference_value=quantity(reference, "kWh"),
        indication=quantity(indication, "kWh"),
        error=quantity(error, "%"),
        standard_uncertainty=u,
        degrees_of_freedom=9.0 * (u / 0.0115) ** 4,
        U=U,
        k=2.0,
        p=0.95,
        interval=(error - 1.93 * u, error + 1.93 * u),
        trials=100_000,
        validation=Validation(delta=0.0005, d_low=0.00021, d_high=0.00018, validated=True),
        budget=lines,
        verdict=Verdict.PASS if abs(Decimal(judged)) <= Decimal(repr(limit)) else Verdict.FAIL,
        reported=Reported(
            error=shown_error,
            rounded_error=judged,
            U=shown_U,
            k="2",
            mpe=f"{limit:.1f}",
            reference_value=f"{reference:.5f}",
            indication=f"{indication:.5f}",
        ),
    )


def curve_item(points: tuple[PointResult, ...], *, figure: bool = True) -> ItemResult:
    series = tuple(
        Series(name=name, points=tuple(p.point.key for p in points if f"/{key}/" in p.point.key))
        for key, name in (("import", text("正向", "Import")), ("export", text("反向", "Export")))
    )
    return ItemResult(
        key="basic_error",
        title=text("基本误差", "Basic error"),
        clause=None,
        method=text(
            "脉冲比较法：以标准表在被检表 N 个脉冲之间累计的电能为参考值，每点读数 3 次取平均。",
            "Pulse comparison: the reference value is the energy that the standard accumulates between N pulses of the "
            "meter; mean of three readings per point.",
        ),
        findings=(),
        points=points,
        figure=Figure(x="current", x_label=text("负载电流", "Load current"), logarithmic=True, series=series)
        if figure
        else None,
        verdict=worst(p.verdict for p in points),
    )


def finding(zh: str, en: str, value: Text, limit: Text | None, verdict: Verdict = Verdict.PASS) -> Finding:
    return Finding(label=text(zh, en), value=value, limit=limit, verdict=verdict)


def plain_item(key: str, zh: str, en: str, *findings: Finding, method: Text | None = None) -> ItemResult:
    return ItemResult(
        key=key,
        title=text(zh, en),
        clause=None,
        method=method,
        findings=findings,
        points=(),
        figure=None,
        verdict=worst(f.verdict for f in findings),
    )


def basic_points(offset: float = 0.0) -> tuple[PointResult, ...]:
    forward = tuple(point("import", load, CURVE[load] + offset) for load in LOADS)
    backward = tuple(point("export", load, CURVE[load] * 0.8 - 0.015 + offset) for load in LOADS)
    return forward + backward


def items(offset: float = 0.0) -> tuple[ItemResult, ...]:
    register_point = point(
        "import",
        1.0,
        -0.043 + offset,
        mpe=0.5,
        key="register/import/In",
        label=text("计度器走字", "register check"),
    )
    return (
        plain_item(
            "appearance",
            "外观检查",
            "Visual inspection",
            finding(
                "铭牌与标志",
                "Nameplate and marking",
                text("清晰完整", "legible and complete"),
                text("清晰完整", "legible and complete"),
            ),
            finding("显示与脉冲输出", "Display and pulse output", text("正常", "in order"), text("正常", "in order")),
        ),
        plain_item(
            "creep",
            "潜动试验",
            "Creep test",
            finding(
                "115 % 额定电压，电流开路",
                "115 % of rated voltage, no current",
                text("20 min 内 0 个脉冲", "0 pulses in 20 min"),
                text("不多于 1 个脉冲", "not more than 1 pulse"),
            ),
        ),
        plain_item(
            "starting",
            "起动试验",
            "Starting test",
            finding(
                "正向，0.004 In",
                "import, 0.004 In",
                text("92.4 s 内起动", "started within 92.4 s"),
                text("不超过 180 s", "within 180 s"),
            ),
            finding(
                "反向，0.004 In",
                "export, 0.004 In",
                text("95.1 s 内起动", "started within 95.1 s"),
                text("不超过 180 s", "within 180 s"),
            ),
        ),
        curve_item(basic_points(offset)),
        ItemResult(
            key="register",
            title=text("计度器与常数核对", "Register and constant check"),
            clause=None,
            method=text(
                "在额定负载下运行，比较计度器示值增量与参考电能，并核对脉冲数。",
                "Run at rated load; the increment of the register is compared with the reference energy, "
                "the pulses are counted.",
            ),
            findings=(
                finding(
                    "脉冲常数",
                    "Pulse constant",
                    text("3200 imp/(kW⋅h)", "3200 imp/(kW⋅h)"),
                    text("与铭牌一致", "as marked"),
                ),
            ),
            points=(register_point,),
            figure=None,
            verdict=register_point.verdict,
        ),
    )


DOCUMENT = "JJG 842-2017"


def provisions(*, verified: bool) -> tuple[Provision, ...]:
    numbers = [
        ("items.basic_error.mpe.class_0.5.from_0.1In", "0.5", "%"),
        ("items.basic_error.mpe.class_0.5.below_0.1In", "1.0", "%"),
        ("items.basic_error.step.class_0.5", "0.05", "%"),
        *[(f"items.basic_error.load.{n}", f"{load:g}", "1") for n, load in enumerate(LOADS, 1)],
        ("items.basic_error.repeats", "3", "1"),
        ("items.creep.voltage", "115", "%"),
        ("items.creep.duration", "20", "min"),
        ("items.creep.pulses", "1", "1"),
        ("items.starting.current", "0.004", "1"),
        ("items.starting.duration", "180", "s"),
        ("conditions.temperature.nominal", "23", "degC"),
        ("conditions.temperature.half_width", "2", "degC"),
        ("conditions.humidity.maximum", "80", "%"),
        ("conditions.ripple.maximum", "2", "%"),
        ("interval_months", "36", "1"),
    ]
    regulated = [
        Provision(key=key, value=value, unit=unit, document=DOCUMENT, clause=None, verified=verified)
        for key, value, unit in numbers
    ]
    house = Provision(
        key="planning.maximum_ratio", value="1/3", unit="1", document="laboratory", clause=None, verified=True
    )
    return (*regulated, house)


def equipment() -> tuple[Equipment, ...]:
    def one(
        role: str, zh: str, en: str, model: str, serial: str, span: str, accuracy: str, number: str | None
    ) -> Equipment:
        return Equipment(
            role=role,
            name=text(zh, en),
            manufacturer="caltwin",
            model=model,
            serial=serial,
            firmware="1.4.2",
            measuring_range=span,
            accuracy=accuracy,
            certificate=CertificateReference(number=number, issuer="SIM-NMI", due="2027-06-30") if number else None,
            address=f"TCPIP0::{role}.sim::inst0::INSTR",
            simulated=True,
        )

    return (
        one(
            "standard",
            "直流标准电能表",
            "DC reference energy standard",
            "TW-ES 0.02",
            "ES-0007",
            "0 V to 1500 V; 0 A to 600 A",
            "class 0.02",
            "SIM-STD-2026-0117",
        ),
        one(
            "source",
            "直流功率源",
            "DC power source",
            "TW-PS 1500-600",
            "PS-0031",
            "0 V to 1500 V; 0 A to 600 A",
            "–",
            None,
        ),
        one(
            "environment",
            "温湿度气压记录仪",
            "Climate logger",
            "TW-CL 3",
            "CL-0012",
            "-20 °C to 60 °C",
            "U = 0.2 °C (k = 2)",
            "SIM-STD-2026-0098",
        ),
    )


def condition(zh: str, en: str, unit: str, minimum: str, maximum: str, permitted: str) -> Condition:
    return Condition(name=text(zh, en), unit=unit, minimum=minimum, maximum=maximum, permitted=permitted)


def calibration_record() -> RunRecord:
    """Return the usual record: all items pass, but the prescribed numbers are not verified."""
    return RunRecord(
        schema=SCHEMA,
        number="SIM-DCE-2026-000123",
        simulated=True,
        system="dc_energy",
        title=text("直流电能表检定", "Verification of DC energy meters"),
        basis=(
            Regulation(id=DOCUMENT, title=text("电子式直流电能表", "Electronic DC energy meters"), use="verification"),
            Regulation(
                id="JJF 1059.1-2012",
                title=text("测量不确定度评定与表示", "Evaluation and expression of uncertainty in measurement"),
                use="uncertainty",
            ),
        ),
        provisions=provisions(verified=False),
        laboratory=Party(
            name=text("孪生计量实验室（模拟）", "Twin Metrology Laboratory (simulated)"),
            address=text("虚拟台架 1 号", "Virtual bench 1"),
            contact="bench@example.org",
            accreditation=None,
        ),
        customer=Party(
            name=text("示例充电设施有限公司", "Example Charging Facilities Ltd."),
            address=text("上海市示例路 88 号", "88 Example Road, Shanghai"),
            contact="+86 21 0000 0000",
        ),
        place=text("虚拟台架", "Virtual bench"),
        device=Device(
            name=text("直流电能表", "DC energy meter"),
            manufacturer="Example Meters",
            model="DCM-500",
            serial="2026-004711",
            accuracy_class="0.5",
            firmware="2.3.1",
            ratings=(
                Rating(name=text("额定电压", "Rated voltage"), quantity=quantity(500.0, "V")),
                Rating(name=text("额定电流", "Rated current"), quantity=quantity(100.0, "A")),
                Rating(name=text("脉冲常数", "Pulse constant"), quantity=quantity(3200.0, "imp/kWh")),
            ),
            address="TCPIP0::dut.sim::5025::SOCKET",
            simulated=True,
        ),
        equipment=equipment(),
        conditions=(
            condition("环境温度", "Ambient temperature", "degC", "22.86", "23.21", "23 ± 2"),
            condition("相对湿度", "Relative humidity", "%", "46.1", "48.3", "≤ 80"),
            condition("大气压力", "Atmospheric pressure", "hPa", "1011.8", "1012.4", "860 … 1060"),
        ),
        measurand=Measurand(
            name=text("直流电能相对示值误差", "relative error of indication of DC energy"), symbol="γ", unit="%"
        ),
        decision=DecisionRule(
            rule=Rule.SIMPLE,
            statement=text(
                "简单接受：按规程步长化整后的误差绝对值不超过最大允许误差即判为合格；"
                "前提是扩展不确定度 U（k = 2）不超过最大允许误差的三分之一。",
                "Simple acceptance: conforms when the error, rounded to the step of the regulation, does not exceed "
                "the maximum permissible error in magnitude, provided that the expanded uncertainty U (k = 2) is at "
                "most one third of it.",
            ),
            maximum_ratio=1 / 3,
        ),
        interval_months=36,
        started="2026-11-22T09:00:00+08:00",
        ended="2026-11-22T11:42:30+08:00",
        duration_s=9750.0,
        clock="virtual",
        seed=20261122,
        items=items(),
        conditions_readings=(),
        interruptions=(),
        remarks=(),
        people=People(),
        software=Software(
            name="caltwin",
            version="0.1.0",
            digest="5f0c" * 16,
            sheet="a91e" * 16,
            station="07bd" * 16,
            platform="Python 3.11.9, numpy 2.1.3, Linux",
        ),
    )


def verification_record() -> RunRecord:
    """Return a record whose every prescribed number is verified and whose items all pass."""
    return replace(calibration_record(), provisions=provisions(verified=True), number="SIM-DCE-2026-000124")


def failing_record() -> RunRecord:
    """Return a verified record of a meter that is 0.4 % off: the basic error fails."""
    return replace(verification_record(), items=items(0.4), number="SIM-DCE-2026-000125")


def long_record() -> RunRecord:
    """Return a record with 40 points, long names, rare characters, interruptions and remarks."""
    loads = [round(0.05 + 0.06 * n, 2) for n in range(20)]
    points = tuple(point("import", load, 0.3 * math.sin(7 * load)) for load in loads) + tuple(
        point("export", load, 0.25 * math.cos(5 * load)) for load in loads
    )
    base = calibration_record()
    first, *_, last = base.items
    return replace(
        base,
        number="SIM-DCE-2026-000126",
        items=(first, curve_item(points), last),
        customer=Party(
            name=text(
                "上海市浦东新区㛃堃𬭎喆䶮新能源汽车充换电设施运营管理服务股份有限公司第三分公司",
                "Third Branch of the Very Long-Winded Charging and Battery-Swapping Facility Operation, Management and "
                "Service Company of the Pudong New Area, Shanghai, Incorporated",
            ),
            address=text(
                "上海市浦东新区某某某某某某某某某路 12345 弄 678 号 90 楼 A 座东侧西门",
                "East side, west gate, block A, floor 90, no. 678, lane 12345, Example Road, Pudong, Shanghai",
            ),
        ),
        device=replace(
            base.device, model="DCM-500/1000-EXTENDED-RANGE-BIDIRECTIONAL", serial="SN-0000000000000000000042-REV-B/7"
        ),
        interruptions=(Interruption(time_s=1234.5, reason="operator pause", resumed="2026-11-22T09:30:00+08:00"),),
        remarks=(text("反向 0.05 In 点重复测量一次。", "The point export, 0.05 In, was repeated once."),),
        people=People(operator="李某", checker="王某", approver=None),
    )
