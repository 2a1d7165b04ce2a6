"""The rules, factors and rates that ship with this release: versions, sources and how far each row may be trusted."""

from __future__ import annotations

from api.auth.policy import Routes, asks
from api.deps import ThisCall
from api.schemas.fields import CodeString
from api.schemas.reference import ReferenceRowsOut, ReferenceSetOut, ReferenceSetsOut
from finance.store import reference_files

routes = Routes(tag="reference")


@routes.get("/reference-sets", policy=asks())
def list_reference_sets(call: ThisCall) -> ReferenceSetsOut:  # noqa: ARG001 - every handler gets its call
    """Return every set with its version and how many of its rows are official, draft, secondary or assumed."""
    return ReferenceSetsOut(sets=tuple(map(ReferenceSetOut.from_core, reference_files.reference_files())))


@routes.get("/reference-sets/{set_id}", policy=asks())
def read_reference_set(set_id: CodeString, call: ThisCall) -> ReferenceRowsOut:  # noqa: ARG001 - every handler gets its call
    """Return a set with its rows as they stand in its file."""
    file = reference_files.reference_file(set_id)
    return ReferenceRowsOut(set=ReferenceSetOut.from_core(file), notes=file.notes, columns=file.columns, rows=file.rows)
