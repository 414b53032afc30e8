"""The certificate's fonts: Noto Sans SC and Noto Serif SC (SIL Open Font License 1.1), from an installed package."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def sans() -> Path:
    """Return the file of the text face."""
    from pylopdf_fonts_zh_cn import sans_path

    return Path(sans_path())


@cache
def serif() -> Path:
    """Return the file of the display face."""
    from pylopdf_fonts_zh_cn import serif_path

    return Path(serif_path())
