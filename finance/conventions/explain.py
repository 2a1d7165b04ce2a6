"""Why a figure is what it is: a tree whose leaves are facts with sources, told in English and Chinese.

Owns the node type only. Every other core returns these beside its numbers; nothing here computes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One figure and what it rests on.

    ``value`` is a decimal string (or a word such as ``met``), ``unit`` its unit (``tCO2e/t``, ``CNY``, ``1``).
    ``formula`` says in symbols how ``children`` give ``value``; a leaf has no children and names its ``source`` instead.
    """

    label_en: str
    label_zh: str
    value: str
    unit: str
    formula: str = ""
    source: str = ""
    children: tuple[Explanation, ...] = ()

    def __post_init__(self) -> None:
        """A leaf without a source would be an orphan number: refuse to build one."""
        assert self.children or self.source, f"explanation leaf {self.label_en!r} names no source"

    def leaves(self) -> tuple[Explanation, ...]:
        """Return the facts at the bottom, left to right."""
        if not self.children:
            return (self,)
        return tuple(leaf for child in self.children for leaf in child.leaves())
