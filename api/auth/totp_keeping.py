"""What is done to the kept second factors of a whole database: made ready at a start, sealed, and sealed anew with another key.

Takes a session first and never commits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sqlalchemy.orm import Session

from api.auth.totp_key_file import TotpKeyFile, missing
from api.auth.totp_seal import KEY_BYTES, TotpKey, TotpSeal, key_name
from api.store import people


def make_ready(session: Session, file: TotpKeyFile, *, random_bytes: Callable[[int], bytes]) -> int:
    """Make the key file on a first run and seal what stands plain; return how many secrets were sealed.

    Where secrets are sealed already and the file is not there, ``totp.key_file_missing``: a new key would open none of them.
    """
    if not file.is_there:
        if any(key_name(kept) for _, kept in people.kept_totp(session)):
            raise missing(file.path)
        file.make(TotpKey(secret=random_bytes(KEY_BYTES)))
    file.read()
    return seal_anew(session, TotpSeal(file.read), random_bytes=random_bytes, is_plain_only=True)


def seal_anew(
    session: Session, seal: TotpSeal, *, random_bytes: Callable[[int], bytes], is_plain_only: bool = False
) -> int:
    """Seal every secret that is not sealed with the key in force, or only those that stand plain; return how many."""
    changed = 0
    for person_id, kept in people.kept_totp(session):
        if seal.is_current(kept) or (is_plain_only and key_name(kept) is not None):
            continue
        secret = seal.open(kept, person_id=person_id)
        sealed = seal.seal(secret, person_id=person_id, random_bytes=random_bytes)
        changed += people.replace_totp(session, person_id, was=kept, kept=sealed)
    return changed


def counted_by_key(session: Session) -> Counter[str | None]:
    """Return how many secrets are sealed with each key by its name; ``None`` counts those that stand plain."""
    return Counter(key_name(kept) for _, kept in people.kept_totp(session))
