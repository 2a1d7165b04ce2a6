"""An entry as one line of JSON with everything that proves it: salt, exact canonical text, leaf hash.

The leaf of the book's tree is SHA-256(0x00 || salt || canonical as UTF-8), so a reader of these lines needs nothing else to
recompute the tree root.
"""

from __future__ import annotations

import json

from ledger.core.export_formats.exported import ExportedEntry, ExportedLeg


def line(entry: ExportedEntry) -> str:
    """Return the entry's line with its line end; amounts, quantities, costs and lots are decimal strings of smallest units.

    Bytes are hexadecimal, days and instants ISO 8601. Keys stand in alphabetical order.
    """
    document = {
        "acting_for_id": str(entry.acting_for_id),
        "actor_id": str(entry.actor_id),
        "attrs": dict(entry.attrs),
        "canonical": entry.canonical,
        "doc_ref": entry.doc_ref,
        "document_on": None if entry.document_on is None else entry.document_on.isoformat(),
        "effective_on": entry.effective_on.isoformat(),
        "entry_id": str(entry.entry_id),
        "kind": entry.kind,
        "leaf_hash": entry.leaf_hash.hex(),
        "legs": [_leg(leg) for leg in entry.legs],
        "recorded_at": entry.recorded_at.isoformat(timespec="microseconds"),
        "request_hash": entry.request_hash.hex(),
        "reverses_seq": entry.reverses_seq,
        "salt": entry.salt.hex(),
        "seq": entry.seq,
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def _leg(leg: ExportedLeg) -> dict[str, object]:
    return {
        "account": leg.account,
        "amount": str(leg.amount),
        "commodity": leg.commodity,
        "lot_moves": [
            {"cost": str(move.cost), "lot_id": str(move.lot_id), "quantity": str(move.quantity)} for move in leg.moves
        ],
    }
