"""Checks what a server answered, offline: against keys that the reader got by another way, with nothing of the server's.

The rules are ``tonne_verify``'s, one file that anyone may read; here stands only how the client's answers are handed to it.
"""

from __future__ import annotations

import io
import json

import tonne_verify
from tonne_client.codec import encode
from tonne_client.operation import File


def verify_proof(answer: object, *, log_key: str, kept: str | None = None) -> str:
    """Return one sentence that says what a proof of inclusion or growth proves; ``answer`` is what the server answered.

    ``log_key`` is the log's public key (base64, PEM, or a note verifier key), ``kept`` the note of a checkpoint that the reader kept
    and the log must continue. What is wrong raises ``tonne_verify.Fault`` with its exit code.
    """
    said = json.loads(json.dumps(encode(answer)))
    since = None if kept is None else tonne_verify.read_note(kept, "the kept checkpoint")
    return tonne_verify.verify_proof(said, pinned=tonne_verify.read_key(log_key), since=since)


def verify_determination(
    bundle: File | bytes,
    *,
    assessor_keys: tuple[str, ...],
    log_key: str | None = None,
    terms_sha256: str | None = None,
) -> tuple[str, ...]:
    """Return what an approved determination's bundle says, line by line, after its rate was computed anew from its evidence.

    ``assessor_keys`` are the assessors' public keys, ``terms_sha256`` the hash of the terms that the reader agreed to. What is wrong
    raises ``tonne_verify.Finding`` with its exit code.
    """
    content = bundle.content if isinstance(bundle, File) else bundle
    asked = tonne_verify.Asked(
        assessors=tuple(map(tonne_verify.read_assessor_key, assessor_keys)),
        logs=() if log_key is None else (tonne_verify.read_key(log_key),),
        terms_sha256=terms_sha256,
    )
    return tuple(tonne_verify.verify_determination(io.BytesIO(content), asked))
