"""The recipe of docs/driver_developers.md, run as a stranger's project in a process of its own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/driver_developers.md").read_text(encoding="utf-8")


def parts() -> dict[str, str]:
    """Return file -> text of what the page says to write."""
    found = dict(re.findall(r"<!-- recipe: (\S+) -->\n```python\n(.*?)```", PAGE, re.DOTALL))
    station = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert station is not None
    return {**found, "station.yaml": station[1]}


def run(folder: Path, **environment: str) -> str:
    """Run pytest in a folder that knows nothing of this repository, and return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--rootdir", str(folder)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return done.stdout + done.stderr


def test_the_recipe_works_as_it_is_printed(tmp_path: Path) -> None:
    files = parts()
    assert set(files) == {"conftest.py", "test_driver.py", "station.yaml"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    launcher = tmp_path / "launch.py"  # stands for the command of an environment of its own
    launcher.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom bench.cli import main\nmain()\n", encoding="utf-8"
    )
    said = run(tmp_path, CALTWIN=shlex.join([sys.executable, str(launcher)]))
    assert "4 passed" in said, said


def test_untouched_code_in_the_same_environment(tmp_path: Path) -> None:
    (tmp_path / "station.yaml").write_text(parts()["station.yaml"], encoding="utf-8")
    (tmp_path / "test_mine.py").write_text(
        "import pyvisa\n\n\n"
        "def test_mine():\n"
        "    manager = pyvisa.ResourceManager()\n"
        '    meter = manager.open_resource("GPIB0::16::INSTR")\n'
        "    assert abs(float(meter.query('MEAS:VOLT?')) - 0.5) < 1e-3\n"
        "    manager.close()\n",
        encoding="utf-8",
    )
    said = run(tmp_path, PYVISA_LIBRARY="station.yaml@caltwin", PYTHONPATH=str(ROOT))
    assert "1 passed" in said, said
