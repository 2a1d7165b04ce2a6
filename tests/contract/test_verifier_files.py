"""The offline verifier against files that were made to break their reader, and against proofs of single entries."""

from __future__ import annotations

import base64
import io
import json
import random
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import tonne_verify
from tests.contract.bundles import (
    FIRST,
    FORGER,
    MEMBERS,
    ORIGIN,
    Bundle,
    canonical,
    entry,
    made,
    roots,
    salt_of,
    spelled,
    verdict,
    zipped,
)
from tests.core.test_proofs import audit_path, growth_path

SAID = [entry(seq) for seq in range(1, 13)]


def example() -> Bundle:
    return made(SAID, signed={5: FIRST, 12: FIRST})


def members() -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(example().packed())) as bundle:
        return [(name, bundle.read(name)) for name in MEMBERS]


def replaced(name: str, content: bytes) -> bytes:
    return zipped([(each, content if each == name else was) for each, was in members()])


def test_every_truncation_of_the_file_is_refused_without_a_traceback(tmp_path: Path) -> None:
    content = example().packed()
    for end in range(0, len(content), 41):
        assert verdict(content[:end], tmp_path)[0] == 2, end


def test_a_thousand_random_changes_to_the_file_never_pass_for_another_book(tmp_path: Path) -> None:
    content, rng = example().packed(), random.Random(2)
    good = verdict(content, tmp_path)[1]
    for _ in range(1_000):
        changed = bytearray(content)
        for _ in range(rng.choice((1, 2, 8))):
            changed[rng.randrange(len(changed))] = rng.randrange(256)

        code, said = verdict(bytes(changed), tmp_path)

        assert code in {2, 3, 4, 6} or said == good


@pytest.mark.parametrize(
    "names",
    [
        ("manifest.json", "keys.jsonl", "checkpoints.jsonl", "../../entries.jsonl"),
        ("manifest.json", "keys.jsonl", "checkpoints.jsonl", "/etc/passwd"),
        ("keys.jsonl", "manifest.json", "checkpoints.jsonl", "entries.jsonl"),
    ],
)
def test_other_member_names_are_malformed(tmp_path: Path, names: tuple[str, ...]) -> None:
    bundle = example()
    bundle.names = list(names)

    code, said = verdict(bundle.packed(), tmp_path)

    assert code == 2
    assert "passwd" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_missing_further_and_doubled_members_are_malformed(tmp_path: Path) -> None:
    whole = members()
    for changed in (whole[:-1], [*whole, ("more.txt", b"")], [*whole, whole[-1]], []):
        assert verdict(zipped(changed), tmp_path)[0] == 2


def test_zip_bombs_are_refused_unpacked(tmp_path: Path) -> None:
    for name in MEMBERS:
        assert verdict(replaced(name, b"0" * 50_000_000), tmp_path)[0] == 2


def test_a_member_that_lies_about_its_size_is_malformed(tmp_path: Path) -> None:
    content = bytearray(example().packed())
    at = content.rindex(b"PK\x01\x02") + 24
    for size in (0, 1, 2**31, 2**32 - 1):
        content[at : at + 4] = struct.pack("<L", size)

        assert verdict(bytes(content), tmp_path)[0] in {2, 4}


def test_one_endless_line_is_refused(tmp_path: Path) -> None:
    noise = random.Random(3).randbytes(9_000_000).replace(b"\n", b" ")

    assert verdict(replaced("entries.jsonl", noise), tmp_path)[0] == 2
    assert verdict(replaced("keys.jsonl", noise), tmp_path)[0] == 2
    assert verdict(replaced("checkpoints.jsonl", noise), tmp_path)[0] == 2
    assert verdict(replaced("manifest.json", noise), tmp_path)[0] == 2


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"null\n",
        b"[]\n",
        b"{}\n",
        b'{"a":1}\n',
        b'{"a":"b","a":"c"}\n',
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\n",
        b'{"note":{"a":"b"}}\n',
        b'{"note":"\\ud800"}\n',
        b'{"public_key":["a"],"valid_from_size":"0"}\n',
        b'{"leaf":"","salt":"","entry":{}}\n',
    ],
)
def test_nonsense_in_any_member_gets_an_answer(tmp_path: Path, name: str, content: bytes) -> None:
    code, said = verdict(replaced(name, content), tmp_path)

    is_unsigned = content == b"" and name in {"checkpoints.jsonl", "keys.jsonl"}
    assert code == (3 if is_unsigned else 4 if content == b"" and name == "entries.jsonl" else 2)
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "tonne-bundle-v2"},
        {"book": "other"},
        {"origin": "tonne/other"},
        {"origin": ["tonne"]},
        {"entries": 12},
        {"entries": "012"},
        {"entries": "9" * 30},
        {"tree_root": "F" * 64},
        {"tree_root": None},
    ],
)
def test_another_manifest_is_malformed(tmp_path: Path, changed: dict[str, Any]) -> None:
    bundle = example()
    bundle.manifest.update(changed)

    assert verdict(bundle.packed(), tmp_path)[0] == 2


def test_base64_with_idle_bits_is_malformed(tmp_path: Path) -> None:
    bundle = example()
    key = bundle.keys[0]["public_key"]
    twin = key[:-2] + chr(ord(key[-2]) + 1) + "="
    assert base64.b64decode(twin) == base64.b64decode(key)
    bundle.keys[0]["public_key"] = twin

    assert verdict(bundle.packed(), tmp_path)[0] == 2


def test_an_encrypted_member_is_malformed(tmp_path: Path) -> None:
    content = bytearray(example().packed())
    at = content.rindex(b"PK\x01\x02") + 8
    content[at] |= 1

    assert verdict(bytes(content), tmp_path)[0] == 2


def proof(seq: int, /, size: int = 12, **changed: Any) -> dict[str, Any]:
    leaves = [tonne_verify.leaf_of(salt_of(place), canonical(said)) for place, said in enumerate(SAID, start=1)]
    root = roots(SAID)[size]
    return {
        "origin": ORIGIN,
        "seq": str(seq),
        "salt": salt_of(seq).hex(),
        "canonical": canonical(SAID[seq - 1]).decode(),
        "leaf_hash": leaves[seq - 1].hex(),
        "tree_size": str(size),
        "tree_root": root.hex(),
        "path": [node.hex() for node in audit_path(seq - 1, leaves[:size])],
        "note": FIRST.note(size, root),
        **changed,
    }


def growth(old_size: int, /, size: int = 12, **changed: Any) -> dict[str, Any]:
    leaves = [tonne_verify.leaf_of(salt_of(place), canonical(said)) for place, said in enumerate(SAID, start=1)]
    root = roots(SAID)[size]
    return {
        "origin": ORIGIN,
        "old_size": str(old_size),
        "old_root": roots(SAID)[old_size].hex(),
        "tree_size": str(size),
        "tree_root": root.hex(),
        "path": [node.hex() for node in growth_path(old_size, leaves[:size])],
        "note": FIRST.note(size, root),
        **changed,
    }


def judged(said: dict[str, Any], folder: Path, since: str | None = None) -> int:
    return verdict(json.dumps(said, ensure_ascii=False).encode(), folder, since=since)[0]


def test_an_entry_is_proven_by_its_proof_alone(tmp_path: Path) -> None:
    for size in range(1, 13):
        for seq in range(1, size + 1):
            assert judged(proof(seq, size), tmp_path) == 0


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"seq": "4"}, 4),
        ({"seq": "0"}, 4),
        ({"seq": "9" * 19}, 4),
        ({"seq": 3}, 2),
        ({"tree_size": "11"}, 4),
        ({"tree_size": "-1"}, 2),
        ({"salt": "00" * 16}, 4),
        ({"salt": "00"}, 2),
        ({"canonical": canonical(SAID[3]).decode()}, 4),
        ({"canonical": ""}, 4),
        ({"canonical": None}, 4),
        ({"path": []}, 4),
        ({"path": ["00" * 32] * 5}, 4),
        ({"path": ["00" * 32] * 1000}, 2),
        ({"path": ["zz"]}, 2),
        ({"path": "00"}, 2),
        ({"tree_root": "00" * 32}, 4),
        ({"note": None}, 3),
        ({"note": FORGER.note(12, roots(SAID)[12])}, 3),
        ({"note": FIRST.note(5, roots(SAID)[5])}, 4),
        ({"note": 7}, 2),
        ({"origin": "other"}, 2),
        ({"origin": ORIGIN[:-1] + "d"}, 3),
    ],
)
def test_a_changed_proof_is_refused(tmp_path: Path, changed: dict[str, Any], code: int) -> None:
    assert judged(proof(3, **changed), tmp_path) == code


def test_growth_is_proven_from_the_checkpoint_that_was_kept(tmp_path: Path) -> None:
    kept = FIRST.note(5, roots(SAID)[5])

    assert judged(growth(5), tmp_path, since=kept) == 0
    assert judged(growth(5), tmp_path, since=FIRST.note(5, roots(SAID)[6])) == 5
    assert judged(growth(6), tmp_path, since=kept) == 5
    assert judged(growth(5, path=[]), tmp_path) == 4
    assert judged(growth(5, old_root="00" * 32), tmp_path) == 4
    assert judged(growth(5, old_size="0"), tmp_path) == 4


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04", b"{", b"\x00" * 100, b"[" * 100_000, b"null"])
def test_files_that_are_neither_are_malformed(tmp_path: Path, content: bytes) -> None:
    assert verdict(content, tmp_path)[0] == 2


def test_a_file_that_is_not_there_has_its_own_code(tmp_path: Path) -> None:
    given = f"--public-key={spelled(FIRST.public)}"

    assert tonne_verify.main([str(tmp_path / "none.zip"), given], io.StringIO()) == 1
    assert tonne_verify.main([str(tmp_path), given], io.StringIO()) == 1
    assert tonne_verify.main(["a\x00b", given], io.StringIO()) == 1


@pytest.mark.parametrize("key", ["", "nonsense", "AAAA", "é" * 44])
def test_a_key_that_is_none_is_malformed(tmp_path: Path, key: str) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(example().packed())
    file = tmp_path / "key.txt"
    file.write_text(key, encoding="utf-8")

    assert tonne_verify.main([str(path), f"--key={file}"], io.StringIO()) == 2


def test_it_runs_by_itself_with_a_key_file(tmp_path: Path) -> None:
    path, key = tmp_path / "bundle.zip", tmp_path / "key.pem"
    path.write_bytes(example().packed())
    key.write_bytes(FIRST.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    alone = tmp_path / "verify.py"
    alone.write_text(Path(tonne_verify.__file__).read_text(encoding="utf-8"), encoding="utf-8")

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-I", alone, path, "--key", key], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("good: 12 entries")
