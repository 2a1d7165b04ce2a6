"""A TypeScript client made from the description compiles under ``--strict``; without npm the test fails loudly on CI, skips elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from api.app import create_app
from api.description import describe
from ledger.store.database import open_database

_PACKAGES = ("openapi-typescript@7.13.0", "typescript@5.9.3", "openapi-fetch@0.17.0")
_USE = """
import createClient from "openapi-fetch";
import type { paths, components } from "./schema";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1" });
export async function books(): Promise<components["schemas"]["BookOut"][]> {
  const { data, error } = await client.GET("/v1/books");
  if (error !== undefined) throw new Error(error.code);
  return data.books;
}
export async function amount(book: string): Promise<string> {
  const { data } = await client.GET("/v1/books/{book_id}/balances", { params: { path: { book_id: book } } });
  return data!.balances[0].posted.amount;
}
// @ts-expect-error - a book has no colour
export const colour = (book: components["schemas"]["BookOut"]): string => book.colour;
// @ts-expect-error - this operation needs a book
export const missing = () => client.GET("/v1/books/{book_id}/balances", {});
"""
_SETTINGS = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2022", "dom"],
    },
    "files": ["schema.ts", "use.ts"],
}


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which(words[0])
    assert found is not None
    return subprocess.run(  # noqa: S603 - fixed words in a folder of the test's own
        [found, *words[1:]], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture
def generator(tmp_path: Path) -> Path:
    """A folder with the generator and the compiler."""
    if shutil.which("npm") is None:
        message = "npm is not here: the TypeScript client was NOT tried; install Node.js to run this test"
        assert "CI" not in os.environ, message
        pytest.skip(message)
    (tmp_path / "package.json").write_text('{"private": true}', encoding="utf-8")
    done = run(tmp_path, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", *_PACKAGES)
    if done.returncode != 0:
        message = f"npm could not fetch the generator: the TypeScript client was NOT tried: {done.stderr[-500:]}"
        assert "CI" not in os.environ, message
        pytest.skip(message)
    return tmp_path


def test_a_generated_typescript_client_compiles_strictly(generator: Path) -> None:
    database = open_database(f"sqlite:///{generator}/nothing.db")
    described = json.dumps(describe(create_app(database)), ensure_ascii=False)
    database.engine.dispose()
    (generator / "openapi.json").write_text(described, encoding="utf-8")
    (generator / "use.ts").write_text(_USE, encoding="utf-8")
    (generator / "tsconfig.json").write_text(json.dumps(_SETTINGS), encoding="utf-8")

    made = run(generator, "npm", "exec", "--offline", "--", "openapi-typescript", "openapi.json", "-o", "schema.ts")
    compiled = run(generator, "npm", "exec", "--offline", "--", "tsc", "-p", ".")

    assert made.returncode == 0, made.stderr
    assert (compiled.returncode, compiled.stdout) == (0, "")
