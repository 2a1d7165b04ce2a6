"""``tonne bench ledger``: posts, mixed days, reads, checks and the writer queue, each beside the bare database in the same run.

One row a case: engine, case, batch, entries_per_s, raw_entries_per_s, ratio and a note; where a figure is asked, also the ``goal``,
whether it ``is_met``, and what ``dominates``: shares of the time, measured in a pass of their own in the same run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.benchmarks import importing, mixed, posting, reads, writer
from tests.benchmarks.posting import BATCHES, Row

HOT = "Assets:Bench:A0"


def run(
    *,
    entries: int = 8_000,
    engines: Sequence[str] = ("sqlite", "postgresql"),
    is_long: bool = False,
    is_ten_million: bool = False,
) -> list[Row]:
    """Return one row per engine, case and batch; ``entries`` is how many a chunk of each side posts (batch 1: a twentieth).

    ``is_long`` imports a million lines, adds a million posts and reads that account;
    ``is_ten_million`` fills it to ten million and reads again.
    """
    rows: list[Row] = []
    for engine in engines:
        with posting.opened_database(engine) as database:
            book_id = posting.open_book(database)
            rows += [posting.posting_row(database, engine, book_id, batch, entries) for batch in BATCHES]
            rows.append(posting.posting_row(database, engine, book_id, BATCHES[-1], entries, hot=HOT))
            _compare_hot(rows[-2], rows[-1])
            mixed.forget()
            rows += [mixed.row(database, engine, book_id, batch) for batch in BATCHES[1:]]
            rows += reads.rows(database, engine, book_id, 5 * entries)
            rows.append(importing.row(database, engine, book_id, posting.MILLION if is_long else 5 * entries))
            if is_long:
                rows += posting.long_rows(database, engine, book_id)
                rows += reads.long_rows(database, engine, book_id, is_ten_million=is_ten_million)
        rows += writer.rows(engine, entries=entries)
    return rows


def _compare_hot(many: Row, hot: Row) -> None:
    """Ask of the row of one hot account that it is no slower than many, a twentieth being the noise of one run."""
    hot["goal"] += f", and no slower than over many accounts ({many['entries_per_s']:,} entries/s less a twentieth)"
    hot["is_met"] = hot["is_met"] and hot["entries_per_s"] >= many["entries_per_s"] * 95 // 100


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table a person can read."""
    lines = [f"{'engine':<12}{'case':<22}{'batch':>6}{'entries/s':>12}{'raw/s':>12}{'ratio':>8}  note"]
    for row in rows:
        figures = [row["batch"], row["entries_per_s"], row["raw_entries_per_s"], row["ratio"]]
        shown = ["" if figure is None else str(figure) for figure in figures]
        missed = "" if row.get("is_met", True) else f"; MISSED, asked {row['goal']}; takes: {row['dominates']}"
        lines.append(
            f"{row['engine']:<12}{row['case']:<22}{shown[0]:>6}{shown[1]:>12}{shown[2]:>12}{shown[3]:>8}  {row.get('note', '')}{missed}"
        )
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    """Return the rows as one JSON list."""
    return json.dumps(rows, indent=2)
