"""Issue a certificate: PDF, HTML and DCC from a record alone, all three or none."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uncertainty.text import Language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reports.kind import Kind
    from reports.seal import Signer
    from scenarios.record import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Name the files that were written."""

    pdf: Path
    """The certificate, PDF/A-3b, with the DCC attached."""
    html: Path
    """A view of it in one file."""
    dcc: Path
    """The digital calibration certificate, the same bytes that are attached to the PDF."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """Hold the three documents in memory."""

    pdf: bytes
    """PDF/A-3b."""
    html: bytes
    """HTML, UTF-8."""
    dcc: bytes
    """DCC 3.3.0, UTF-8."""


def make(
    record: RunRecord, language: Language = Language.BOTH, kind: Kind | None = None, signer: Signer | None = None
) -> Documents:
    """Make the three documents of a record; without a signer, the same record gives the same bytes.

    `kind` asks for a certain kind of document; the default is the one that the record permits. `signer` seals them:
    first the DCC, then the PDF that carries the sealed DCC, then the HTML that names the digests of both.

    Raises:
        ReportError: the record is incomplete, the kind is not permitted, a unit or a character is unknown, the DCC
            fails its checks, or a simulated record was to be sealed.
    """
    # The writers bring Typst, Matplotlib and lxml: loaded here, so that naming this module costs nothing.
    from reports.certificate import certificate
    from reports.dcc import dcc_xml
    from reports.dcc_check import require_valid
    from reports.figure import figures
    from reports.html import html
    from reports.pdf import pdf

    dcc = dcc_xml(record, certificate(record, kind), sealed=signer is not None)
    require_valid(dcc)
    if signer is not None:
        from reports.seal import seal_html
        from reports.seal_dcc import seal_dcc
        from reports.seal_pdf import seal_pdf

        dcc = seal_dcc(dcc, signer)
        require_valid(dcc)
    drawn = certificate(record, kind, figures(record, language), language)
    pages = pdf(drawn, dcc, language)
    if signer is not None:
        pages = seal_pdf(pages, signer)
    view = html(drawn, dcc, pages, language)
    return Documents(pdf=pages, html=view if signer is None else seal_html(view, signer), dcc=dcc)


def issue(record: RunRecord, folder: Path, language: Language = Language.BOTH, kind: Kind | None = None) -> Issued:
    """Write `certificate.pdf`, `certificate.html` and `dcc.xml` into a folder, replacing older ones.

    Everything is made and checked before anything is written; a failure leaves the folder's older files untouched.

    Raises:
        ReportError: as `make`.
        OSError: the folder cannot be written.
    """
    documents = make(record, language, kind)
    issued = Issued(pdf=folder / "certificate.pdf", html=folder / "certificate.html", dcc=folder / "dcc.xml")
    contents = {issued.dcc: documents.dcc, issued.pdf: documents.pdf, issued.html: documents.html}
    write_together(contents)
    return issued


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write some files of one folder so that either all are new or all are as before.

    Raises:
        OSError: the folder cannot be written; the older files are back in place.
    """
    folder = next(iter(contents)).parent
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".issue-", dir=folder) as name:
        stage = Path(name)
        for target, data in contents.items():
            with (stage / target.name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        kept: list[Path] = []
        placed: list[Path] = []
        try:
            for target in contents:
                if target.exists():
                    target.replace(stage / f"{target.name}.old")
                    kept.append(target)
                (stage / target.name).replace(target)
                placed.append(target)
        except OSError:
            for target in placed:
                target.unlink()
            for target in kept:
                (stage / f"{target.name}.old").replace(target)
            raise
