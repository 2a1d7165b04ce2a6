"""A typed client of a Tonne server, for Python: synchronous, exact, and safe to repeat.

``from tonne_client import Tonne``; every operation of the API is a method of it, every answer a frozen dataclass of
the module ``shapes``. It needs httpx only; ``docs/client.md`` shows its use. ``tonne_client.verification``
checks answers offline and needs cryptography too.
"""

from tonne_client.client import Tonne, pages
from tonne_client.connection import Patience
from tonne_client.generated import shapes
from tonne_client.operation import File
from tonne_client.refusals import (
    BusyError,
    ConflictError,
    ConnectionLostError,
    FieldRefusal,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
    SecondPersonNeededError,
    ServerError,
    SignInNeededError,
    TonneError,
    UnexpectedAnswerError,
)

__all__ = [
    "BusyError",
    "ConflictError",
    "ConnectionLostError",
    "FieldRefusal",
    "File",
    "ForbiddenError",
    "InvalidError",
    "NotFoundError",
    "Patience",
    "RefusedError",
    "SecondPersonNeededError",
    "ServerError",
    "SignInNeededError",
    "Tonne",
    "TonneError",
    "UnexpectedAnswerError",
    "pages",
    "shapes",
]
