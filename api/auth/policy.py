"""What each route asks of its caller, declared beside the route; a route without a policy stops the start.

Owns the policy, the declaration of a route, and the table of both that a person can print. Runs no request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from api.auth.principal import Principal, Scope
from api.store.access import OrganisationKind
from ledger.core.errors import Forbidden

JSON_BODY_BYTES = 1_000_000
UPLOAD_BODY_BYTES = 20_000_000

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who may call: a key with every one of ``scopes``, of an organisation of one of ``kinds`` (empty: of any)."""

    scopes: frozenset[Scope] = frozenset()
    kinds: frozenset[OrganisationKind] = frozenset()
    is_public: bool = False

    def __post_init__(self) -> None:
        """A public route asks for nothing."""
        assert not (self.is_public and (self.scopes or self.kinds)), "a public route asks for no scope and no kind"

    def permit(self, principal: Principal) -> None:
        """Return, or raise ``auth.scope_missing`` or ``auth.organisation_kind``."""
        missing = sorted(self.scopes - principal.scopes)
        if missing:
            raise Forbidden("auth.scope_missing", f"this key lacks the scope {', '.join(missing)}; use one that has it")
        if self.kinds and principal.organisation_kind not in self.kinds:
            kinds = " or ".join(sorted(self.kinds))
            raise Forbidden("auth.organisation_kind", f"only an organisation of the kind {kinds} may do this")

    def __str__(self) -> str:
        """Return one line: ``public``, ``any key``, or the scopes and kinds asked for."""
        if self.is_public:
            return "public"
        asked = [", ".join(sorted(self.scopes)) or "any key"]
        return " of a ".join(asked + ([" or ".join(sorted(self.kinds))] if self.kinds else []))


PUBLIC = Policy(is_public=True)
"""Anyone, without a key."""


def asks(*scopes: Scope, kinds: tuple[OrganisationKind, ...] = ()) -> Policy:
    """Return the policy that asks for every one of ``scopes`` and one of ``kinds``; ``asks()`` is any valid key."""
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

    def __post_init__(self) -> None:
        """A reading method never writes, and a path is absolute."""
        assert self.path.startswith("/"), f"{self.path}: a path begins with /"
        assert not (self.writes and self.method == "GET"), f"{self.path}: GET never writes"


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
    ) -> Callable[[Handler], Handler]:
        """Declare a route with a JSON body.

        One transaction, committed before the answer leaves; ``writes=False`` for a calculation, which stores nothing.
        ``keeps_answer=False`` where the answer holds a secret: a repeated ``Idempotency-Key`` is then refused, not replayed.
        """
        return self._declare(
            "POST", path, policy, status=status, writes=writes, most_bytes=most_bytes, keeps_answer=keeps_answer
        )

    def upload(
        self, path: str, *, policy: Policy, types: tuple[str, ...], example: str = "", status: int = 201
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
            upload=(types, example),
        )

    def _declare(
        self,
        method: str,
        path: str,
        policy: Policy,
        *,
        status: int,
        writes: bool,
        most_bytes: int,
        upload: tuple[tuple[str, ...], str] = ((), ""),
        answers: tuple[str, ...] = (),
        keeps_answer: bool = True,
    ) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            self._declared.append(
                Declared(
                    method=method,
                    path=f"{self._prefix}{path}",
                    handler=handler,
                    policy=policy,
                    status=status,
                    writes=writes,
                    most_bytes=most_bytes,
                    upload_types=upload[0],
                    upload_example=upload[1],
                    answers=answers,
                    keeps_answer=keeps_answer,
                    tag=self._tag,
                )
            )
            return handler

        return declare
