"""Maximum permissible errors with several parts, of which the larger counts: "2 ppm or 5 %, whichever is larger"."""

from __future__ import annotations

from dataclasses import dataclass

from scenarios.sheet import Percent, Prescribed, SheetError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Hold a maximum permissible error; of the parts that are given, the largest counts."""

    absolute: Prescribed | None = None
    """In the unit of the quantity."""
    relative: Percent | None = None
    """Of the value."""
    fiducial: Percent | None = None
    """Of the span (full scale)."""

    def at(self, value: float, unit: str, *, span: float | None = None) -> float:
        """Return the maximum permissible error at a value, in `unit`, as a positive half-width.

        Args:
            value: where, in `unit`; its sign does not matter.
            unit: unit of `value`, `span` and of what is returned.
            span: full scale, needed for a fiducial part.

        Raises:
            SheetError: no part is given, or a fiducial one without a span.
            UnitMismatch: the absolute part is of another kind.
        """
        parts = []
        if self.absolute is not None:
            parts.append(self.absolute.to(unit))
        if self.relative is not None:
            parts.append(self.relative.to("1") * abs(value))
        if self.fiducial is not None:
            if span is None:
                raise SheetError("mpe.fiducial", "is given, but there is no span that it refers to")
            parts.append(self.fiducial.to("1") * abs(span))
        if not parts:
            raise SheetError("mpe", "give `absolute`, `relative` or `fiducial`; the largest counts")
        return max(parts)
