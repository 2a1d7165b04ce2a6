"""The example on this installation: load it, see how far it is, let its people sign in, and take it out again. The operator's alone."""

from __future__ import annotations

from api.auth.policy import Routes, asks
from api.auth.principal import Scope
from api.deps import Call, ThisCall
from api.example.loading import STEPS
from api.example.people import ShownPerson, give_credentials, without_password
from api.example.removing import Tie, organisation_ids, remove_example, ties_of
from api.example.scenario import Scenario, load_scenario
from api.schemas.access import OrganisationOut
from api.schemas.example import ExampleOut, ExamplePersonOut, ExampleSignInsOut, ExampleTieOut, ExampleWorkOut
from api.store import access, example
from api.store.access import OrganisationKind
from api.store.example import Happening
from api.store.example_life import ExampleLife, ExampleState, life_of
from ledger.core.errors import Conflict, DomainError

routes = Routes(tag="operating")

_OPERATOR = asks(Scope.OPERATE, kinds=(OrganisationKind.OPERATOR,))


@routes.get("/example", policy=_OPERATOR)
def read_example(call: ThisCall) -> ExampleOut:
    """Return how the example stands and what keeps it from being removed."""
    return _shown(call)


@routes.post("/example/loads", policy=_OPERATOR)
def request_example(call: ThisCall) -> ExampleOut:
    """Ask for the example: it is loaded beside the request, and goes on after a restart. One that is loading or loaded is left."""
    life, scenario = _life(call), _scenario(call)
    if scenario is None:
        raise Conflict("example.missing", "the example's files stand in a checkout of the project; this is a package")
    if life.state in {ExampleState.ABSENT, ExampleState.FAILED}:
        example.add_event(call.session, Happening.ASKED, now=call.now, by_user_id=call.principal.user_id)
    return _shown(call)


@routes.post("/example/removals", policy=_OPERATOR)
def withdraw_example(call: ThisCall) -> ExampleOut:
    """Remove the example: its organisations are gone for everybody; refused while anything that is not its own is tied to it."""
    life, scenario = _life(call), _scenario(call)
    if life.state in {ExampleState.ABSENT, ExampleState.LOADING} or scenario is None:
        raise Conflict("example.state", "the example is not there, or still being loaded; look again when it is loaded")
    remove_example(call.session, scenario, by_user_id=call.principal.user_id, now=call.now)
    return _shown(call)


@routes.post("/example/sign-ins", policy=_OPERATOR, keeps_answer=False)
def give_example_sign_ins(call: ThisCall) -> ExampleSignInsOut:
    """Give everybody of the example without a password a new one and a second factor; told in this answer and never again."""
    scenario = _scenario(call)
    if not _life(call).is_loaded or scenario is None:
        raise Conflict("example.not_loaded", "the example is not loaded; load it first")
    shown = give_credentials(call.session, scenario, seal=call.totp_seal, now=call.now, random_bytes=call.random_bytes)
    return ExampleSignInsOut(people=tuple(_person(each) for each in shown))


def _life(call: Call) -> ExampleLife:
    return life_of(example.list_events(call.session))


def _scenario(call: Call) -> Scenario | None:
    """Return the scenario of the present life, ``None`` where its files are not installed."""
    try:
        return load_scenario(number=_life(call).number)
    except DomainError:
        return None


def _shown(call: Call) -> ExampleOut:
    life, scenario = _life(call), _scenario(call)
    ids = () if scenario is None else organisation_ids(call.session, scenario)
    found = [access.load_organisation(call.session, each) for each in ids]
    done = STEPS if life.is_loaded else tuple(step for step in STEPS if step in life.steps)
    is_loaded = life.is_loaded and scenario is not None
    return ExampleOut(
        state=life.state,
        is_available=scenario is not None,
        failure=life.failure,
        work=ExampleWorkOut(
            phase=f"{len(done)}/{len(STEPS)}", done=done, left=tuple(step for step in STEPS if step not in done)
        ),
        organisations=tuple(OrganisationOut.from_core(each) for each in found if each is not None),
        ties=() if scenario is None else tuple(_tie(each) for each in ties_of(call.session, scenario)),
        people_without_password=len(without_password(call.session, scenario)) if is_loaded and scenario else 0,
    )


def _tie(tie: Tie) -> ExampleTieOut:
    return ExampleTieOut(kind=tie.kind, name=tie.name)


def _person(person: ShownPerson) -> ExamplePersonOut:
    return ExamplePersonOut(
        organisation=person.organisation,
        email=person.email,
        roles=person.roles,
        password=person.password,
        totp_secret=person.totp_secret,
    )
