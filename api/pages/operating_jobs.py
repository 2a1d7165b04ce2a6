"""The operator's page of feeds and jobs: which are late, failed or stopped, for which organisation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth.policy import asks
from api.auth.principal import Scope
from api.pages.base.declaring import Group, Nav, Pages, mark
from api.pages.base.page import ThisPage
from api.pages.feeds import LAG_WORDS
from api.routes.operating_jobs import list_operated_jobs
from api.schemas.fields import UuidString
from api.store.access import OrganisationKind

routes = Pages(area="operating_jobs")

_LAG = {key.value: words for key, words in LAG_WORDS.items()}


@routes.get(
    "/operating/jobs",
    policy=asks(Scope.OPERATE, kinds=(OrganisationKind.OPERATOR,)),
    nav=Nav(label=mark("Feeds and jobs"), group=Group.ADMINISTRATION, order=45, icon="clock"),
)
def show_operated_jobs(
    page: ThisPage,
    after: Annotated[UuidString | None, Query(description="Where the next page begins.")] = None,
) -> Response:
    """Show for each organisation the sources that are on with their state, and which jobs asked somebody to look."""
    return page.show("operating_jobs/jobs.html", found=page.use(list_operated_jobs, after=after), lag=_LAG)
