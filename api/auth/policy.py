"""What each route asks of its caller, declared beside the route; a route without a policy stops the start.

Owns the policy, the declaration of a route, and the table of both that a person can print. Runs no request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from api.auth.principal import APPROVING, Principal, Scope
from api.auth.roles import roles_reaching, scopes_of
from api.auth.second_person import Action
from api.store.access import OrganisationKind
from ledger.core.errors import Forbidden

JSON_BODY_BYTES = 1_000_000
UPLOAD_BODY_BYTES = 20_000_000

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who may call: a caller with every one of ``scopes``, of an organisation of one of ``kinds`` (empty: of any).

    Whoever has no live role here is known and reads nothing: an audit that ended, a role that was taken away, an invitation alone.
    ``is_own_account``: a signed-in person about itself, whatever its roles; an API key never.
    ``is_personal``: what it changes concerns the caller alone, so whoever only reads may do it too.
    ``is_without_role``: what concerns the caller alone, who may have no role.
    """

    scopes: frozenset[Scope] = frozenset()
    kinds: frozenset[OrganisationKind] = frozenset()
    is_public: bool = False
    is_own_account: bool = False
    is_personal: bool = False
    is_without_role: bool = False

    def __post_init__(self) -> None:
        """A public route asks for nothing."""
        is_asking = self.scopes or self.kinds or self.is_own_account or self.is_personal or self.is_without_role
        assert not (self.is_public and is_asking), "a public route asks for no scope and no kind"

    @property
    def is_of_installation(self) -> bool:
        """Whether only an operator may call: it runs the installation, whosever rows those are, and the database lets it see them."""
        return self.kinds == {OrganisationKind.OPERATOR}

    def permit(self, principal: Principal, *, is_write: bool = False) -> None:
        """Return, or raise ``auth.scope_missing``, ``.role_missing``, ``.organisation_kind``, ``.session_needed`` or ``.reading_only``.

        ``is_write``: the route changes something, which nobody may whose every scope only reads.
        """
        if self.kinds and principal.organisation_kind not in self.kinds:
            kinds = " or ".join(sorted(self.kinds))
            raise Forbidden("auth.organisation_kind", f"only an organisation of the kind {kinds} may do this")
        if not (principal.roles or self.is_own_account or self.is_without_role):
            raise Forbidden(
                "auth.role_missing", "you have no role here now, or it has ended; ask an administrator for one"
            )
        missing = sorted(self.scopes - _held(principal))
        if missing:
            raise Forbidden("auth.scope_missing", _how_to_get(missing, principal))
        if self.is_own_account and principal.session_id is None:
            raise Forbidden("auth.session_needed", "this is for a signed-in person; sign in, an API key may not do it")
        if is_write and not (self.is_own_account or self.is_personal) and principal.is_reading_only:
            raise Forbidden(
                "auth.reading_only", "your roles or this key only read; ask for a role that may change this"
            )

    def __str__(self) -> str:
        """Return one line: ``public``, ``own account``, ``any key``, or the scopes and kinds asked for."""
        if self.is_public:
            return "public"
        if self.is_own_account:
            return "own account"
        if self.is_personal:
            return "any key, about itself"
        if self.is_without_role:
            return "any caller, even without a role"
        asked = [", ".join(sorted(self.scopes)) or "any key"]
        return " of a ".join(asked + ([" or ".join(sorted(self.kinds))] if self.kinds else []))


PUBLIC = Policy(is_public=True)
"""Anyone, without a key."""

OWN_ACCOUNT = Policy(is_own_account=True)
"""A signed-in person about itself: its password, its second factor, its sessions."""


PERSONAL = Policy(is_personal=True)
"""Anyone with a role, about what concerns it alone: which alerts it has read, what it wants to hear of."""

KNOWN = Policy(is_without_role=True)
"""Anyone with a session or a key, even without a role now: who it is, and nothing of the organisation's."""


def _held(principal: Principal) -> frozenset[Scope]:
    """Return the caller's scopes; who manages access reads it too, also with a key that names ``admin`` alone."""
    return principal.scopes | {Scope.ACCESS_READ} if Scope.ADMIN in principal.scopes else principal.scopes


def _how_to_get(missing: list[Scope], principal: Principal) -> str:
    """Return what a caller without a scope can do about it."""
    names = ", ".join(missing)
    held = scopes_of(principal.organisation_kind, principal.roles)
    if not held.issuperset(missing):
        roles = ", ".join(roles_reaching(principal.organisation_kind, frozenset(missing))) or "none here"
        return f"you lack the scope {names}, which the roles {roles} give; ask an administrator"
    if principal.key_id is not None and not APPROVING.isdisjoint(missing):
        return f"a key never approves: sign in with your second factor to use the scope {names}"
    if principal.key_id is not None:
        return f"this key lacks the scope {names}; use one that has it"
    return f"the scope {names} needs a second factor: enrol one with POST /v1/totp, or sign in again with its code"


def asks(*scopes: Scope, kinds: tuple[OrganisationKind, ...] = ()) -> Policy:
    """Return the policy that asks for every one of ``scopes`` and one of ``kinds``; ``asks()`` is any valid key of a person with a role."""
    return Policy(scopes=frozenset(scopes), kinds=frozenset(kinds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One route as declared: where, what answers, who may call, and how the request is read and kept."""

    method: str
    path: str
    handler: Callable[..., Any]
    policy: Policy
    status: int
    writes: bool
    most_bytes: int
    upload_types: tuple[str, ...] = ()
    upload_example: str = ""
    answers: tuple[str, ...] = ()
    keeps_answer: bool = True
    tag: str = ""
    second_person: Action | None = None
    is_private: bool = False
    takes_any_query: bool = False
    """A page to which another site leads back with parameters of its own; they are for its script alone."""

    @property
    def is_export(self) -> bool:
        """Whether the answer is a file made for the caller; the pictures and parts of a page are not."""
        made = [
            each
            for each in self.answers
            if not each.startswith(("image/", "text/html", "text/css", "text/event-stream"))
        ]
        return bool(made) and not self.policy.is_public and self.path.startswith("/v1/")

    def __post_init__(self) -> None:
        """A reading method never writes, and a path is absolute."""
        assert self.path.startswith("/"), f"{self.path}: a path begins with /"
        assert not (self.writes and self.method == "GET"), f"{self.path}: GET never writes"
        is_proposable = self.writes and self.keeps_answer and not self.is_private and not self.policy.is_public
        assert self.second_person is None or is_proposable, (
            f"{self.path}: only a known person's write waits for another"
        )


class Routes:
    """The routes of one module, collected by decorators.

    ``@routes.get("/books/{book_id}", policy=asks(Scope.LEDGER_READ))`` declares ``GET /v1/books/{book_id}``.
    """

    def __init__(self, *, tag: str, prefix: str = "/v1") -> None:
        """Collect routes under ``prefix``, shown under ``tag`` in the API's description."""
        self._tag = tag
        self._prefix = prefix
        self._declared: list[Declared] = []

    def __iter__(self) -> Iterator[Declared]:
        """Yield the declared routes in order."""
        return iter(self._declared)

    def get(self, path: str, *, policy: Policy, answers: tuple[str, ...] = ()) -> Callable[[Handler], Handler]:
        """Declare a read: its session sees one moment and cannot write on PostgreSQL.

        ``answers`` are the content types of a file, where the answer is one and not a shape.
        """
        return self._declare("GET", path, policy, status=200, writes=False, most_bytes=0, answers=answers)

    def post(
        self,
        path: str,
        *,
        policy: Policy,
        status: int = 201,
        writes: bool = True,
        most_bytes: int = JSON_BODY_BYTES,
        keeps_answer: bool = True,
        second_person: Action | None = None,
        is_private: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare a route with a JSON body.

        One transaction, committed before the answer leaves; ``writes=False`` for a calculation, which stores nothing.
        ``keeps_answer=False`` where the answer holds a secret: a repeated ``Idempotency-Key`` is then refused, not replayed.
        ``second_person`` where the organisation's rule may ask for another person's agreement before anything is done.
        ``is_private`` where the body holds personal data or a secret: no digest of it is kept, by which a guess could be tested.
        """
        return self._declare(
            "POST",
            path,
            policy,
            status=status,
            writes=writes,
            most_bytes=most_bytes,
            keeps_answer=keeps_answer,
            second_person=second_person,
            is_private=is_private,
        )

    def upload(
        self,
        path: str,
        *,
        policy: Policy,
        types: tuple[str, ...],
        example: str = "",
        status: int = 201,
        second_person: Action | None = None,
    ) -> Callable[[Handler], Handler]:
        """Declare a writing POST whose body is a file of one of the content ``types``, at most 20 MB, read as ``call.upload``.

        ``example`` is a small file of the first of ``types``, shown in the API's description.
        """
        return self._declare(
            "POST",
            path,
            policy,
            status=status,
            writes=True,
            most_bytes=UPLOAD_BODY_BYTES,
            upload_types=types,
            upload_example=example,
            second_person=second_person,
        )

    def _declare(self, method: str, path: str, policy: Policy, **how: Any) -> Callable[[Handler], Handler]:
        """Return the decorator that declares a handler; ``how`` are further fields of ``Declared``."""

        def declare(handler: Handler) -> Handler:
            where = f"{self._prefix}{path}"
            self._declared.append(
                Declared(method=method, path=where, handler=handler, policy=policy, tag=self._tag, **how)
            )
            return handler

        return declare
