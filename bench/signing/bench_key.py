"""The bench's own key: signs the head of a journal when a run ends, if the bench has one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bench.audit import sign_head
from bench.errors import ConfigurationError
from bench.signing.keys import open_key, read_trust
from reports.errors import ReportError

if TYPE_CHECKING:
    from bench.signing.statements import Statement

KEYS, NAME, PASSWORD_FILE = "CALTWIN_KEYS", "CALTWIN_BENCH", "CALTWIN_BENCH_PASSWORD_FILE"
"""Environment variables: folder of keys, name of the bench's key, file that holds its password."""


def sign_end(journal: Path, reason: str = "end") -> Statement | None:
    """Sign the head of a journal with the bench's key; None where the bench has none (CALTWIN_BENCH is not set).

    Raises:
        ConfigurationError: the key is named but cannot be used.
        JournalError: the journal is not whole.
    """
    name = os.environ.get(NAME)
    if not name:
        return None
    folder, secret = os.environ.get(KEYS, "keys"), os.environ.get(PASSWORD_FILE)
    if not secret:
        raise ConfigurationError(NAME, PASSWORD_FILE, f"not set; name the file that holds the password of {name}")
    try:
        password = Path(secret).read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        keys = Path(folder)
        return sign_head(journal, open_key(keys, name, password), read_trust(keys), reason)
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(secret, PASSWORD_FILE, str(problem)) from None
    except ReportError as problem:
        raise ConfigurationError(str(journal), NAME, str(problem)) from None
