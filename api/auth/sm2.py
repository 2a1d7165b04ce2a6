"""The optional SM2 verifier: GmSSL through its Python wrapper, there when the extra ``sm2`` is installed.

The only place that imports it. Knows no statement and never makes a signature.
"""

from __future__ import annotations

import importlib
from functools import cache

from finance.attestations.sm2 import Sm2Verifier

_WRAPPER = "gmssl_pyx"


@cache
def installed_verifier() -> Sm2Verifier | None:
    """Return the verifier, or None where the extra is not installed; then SM2 is refused (``attestation.sm2_not_installed``)."""
    try:
        wrapper = importlib.import_module(_WRAPPER)
    except ImportError:
        return None
    failures = (wrapper.GmsslInnerError, wrapper.InvalidValueError)

    def holds(public_key: bytes, message: bytes, signature: bytes, signer_id: bytes) -> bool:
        try:
            return bool(wrapper.sm2_verify(public_key, message, signature, signer_id=signer_id))
        except failures:
            return False  # the library's word for a signature that does not hold

    return holds
