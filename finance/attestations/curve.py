"""Points of Ed25519 in exact integers, just enough to judge a public key before it is registered.

Owns decoding and order checks (RFC 8032 section 5.1). Never handles a secret, so it need not run in constant time;
signatures are made and verified by ``cryptography``.
"""

from __future__ import annotations

from typing import TypeAlias

FIELD_PRIME = 2**255 - 19
"""p of RFC 8032 section 5.1."""

SCALAR_ORDER = 2**252 + 27742317777372353535851937790883648493
"""L of RFC 8032 section 5.1: the prime order of the base point's group."""

# d = -121665/121666 and sqrt(-1) = 2^((p-1)/4), both modulo p (RFC 8032 sections 5.1 and 5.1.3).
_D = -121665 * pow(121666, -1, FIELD_PRIME) % FIELD_PRIME
_SQRT_MINUS_ONE = pow(2, (FIELD_PRIME - 1) // 4, FIELD_PRIME)
_COFACTOR = 8

Point: TypeAlias = tuple[int, int, int, int]
"""Extended homogeneous coordinates X, Y, Z, T with x = X/Z, y = Y/Z, T = XY/Z (RFC 8032 section 5.1.4)."""

_IDENTITY: Point = (0, 1, 1, 0)


def decode_point(encoded: bytes) -> Point | None:
    """Return the point that 32 bytes spell, or None when they are not the one canonical encoding of a curve point.

    RFC 8032 section 5.1.3: little-endian y below p, the top bit the sign of x, and no sign on x = 0.
    """
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= FIELD_PRIME:
        return None
    numerator, denominator = (y * y - 1) % FIELD_PRIME, (_D * y * y + 1) % FIELD_PRIME
    x = _square_root(numerator * pow(denominator, -1, FIELD_PRIME) % FIELD_PRIME)
    if x is None or (x == 0 and sign == 1):
        return None
    if x & 1 != sign:
        x = FIELD_PRIME - x
    return (x, y, 1, x * y % FIELD_PRIME)


def encode_point(point: Point) -> bytes:
    """Return the canonical 32 bytes of a point (RFC 8032 section 5.1.2)."""
    inverse = pow(point[2], -1, FIELD_PRIME)
    x, y = point[0] * inverse % FIELD_PRIME, point[1] * inverse % FIELD_PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_small_order(point: Point) -> bool:
    """Return whether 8 times the point is the identity: its order is 1, 2, 4 or 8."""
    return _is_identity(multiply(point, _COFACTOR))


def is_torsion_free(point: Point) -> bool:
    """Return whether L times the point is the identity: it lies in the prime-order group, as honest keys do."""
    return _is_identity(multiply(point, SCALAR_ORDER))


def multiply(point: Point, scalar: int) -> Point:
    """Return ``scalar`` times the point, by doubling and adding; ``scalar`` is not negative."""
    result = _IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def add(left: Point, right: Point) -> Point:
    """Return the sum of two points by the complete addition formula of RFC 8032 section 5.1.4."""
    a = (left[1] - left[0]) * (right[1] - right[0]) % FIELD_PRIME
    b = (left[1] + left[0]) * (right[1] + right[0]) % FIELD_PRIME
    c = 2 * left[3] * right[3] * _D % FIELD_PRIME
    d = 2 * left[2] * right[2] % FIELD_PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % FIELD_PRIME, g * h % FIELD_PRIME, f * g % FIELD_PRIME, e * h % FIELD_PRIME)


def _is_identity(point: Point) -> bool:
    return point[0] % FIELD_PRIME == 0 and (point[1] - point[2]) % FIELD_PRIME == 0


def _square_root(square: int) -> int | None:
    root = pow(square, (FIELD_PRIME + 3) // 8, FIELD_PRIME)
    if root * root % FIELD_PRIME != square:
        root = root * _SQRT_MINUS_ONE % FIELD_PRIME
    return root if root * root % FIELD_PRIME == square else None
