"""The evidence of a decision as one file: a lender checks it on its own machine, with nothing of ours."""

from __future__ import annotations

from fastapi import Response

from api.auth.loan_kinds import DETERMINATION
from api.auth.policy import Routes, asks
from api.deps import ThisCall
from api.schemas.fields import UuidString
from finance.operations import evidence_bundle

routes = Routes(tag="determinations")


@routes.get("/determinations/{determination_id}/bundle", policy=asks(), answers=("application/zip",))
def read_bundle(determination_id: UuidString, call: ThisCall) -> Response:
    """Return everything that an approved determination rests on, as a zip for ``tonne_verify.py``; lenders and the borrower only."""
    determination = call.load(DETERMINATION, determination_id)
    content = evidence_bundle.bundle_of(call.session, determination.determination_id)
    return Response(
        content,
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{determination.determination_id}.zip"'},
    )
