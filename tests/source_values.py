"""Which texts an expression of the source can stand for: constants, f-strings, loops over tables, and parameters by their callers.

Reads the syntax only, runs nothing. What it cannot resolve (a value that is computed, an enum's) is ``OPEN`` in the text it gives.
"""

from __future__ import annotations

import ast
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
OPEN = "*"
_DEEPEST = 8
_MOST_COMBINED = 5_000

_Binding = ast.Assign | ast.For | ast.comprehension | ast.NamedExpr


class Sources:
    """The syntax of every module below some packages, with what each name in it can be."""

    def __init__(self, root: Path, packages: Sequence[str]) -> None:
        paths = sorted(path for package in packages for path in (root / package).rglob("*.py"))
        self.modules = {str(path.relative_to(root)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}
        self._path_by_name = {path.removesuffix(".py").replace("/", "."): path for path in self.modules}
        self._parents: dict[ast.AST, ast.AST] = {}
        self._paths: dict[ast.AST, str] = {}
        self._calls: dict[str, list[ast.Call]] = defaultdict(list)
        self._values: dict[object, set[str]] = {}
        self._imports = {path: dict(_imports(module)) for path, module in self.modules.items()}
        self._tables = {path: dict(_assigned(module)) for path, module in self.modules.items()}
        self._bindings: dict[ast.FunctionDef, list[_Binding]] = {}
        for path, module in self.modules.items():
            for node in ast.walk(module):
                self._paths[node] = path
                self._parents.update(dict.fromkeys(ast.iter_child_nodes(node), node))
                if isinstance(node, ast.Call):
                    self._calls[called(node)].append(node)

    def texts(self, expression: ast.expr, depth: int = 0) -> set[str]:
        """Return every text that ``expression`` can be, ``OPEN`` where a part is not known."""
        if expression not in self._values:
            self._values[expression] = set()  # a call of itself adds nothing
            self._values[expression] = self._texts(expression, depth)
        return self._values[expression]

    def parameter_of(self, expression: ast.expr, named: frozenset[str] = frozenset()) -> ast.FunctionDef | None:
        """Return the function of which ``expression``, or a part of its f-string, is a parameter (of these names, if any)."""
        for name in _names(expression):
            function = self._function(name)
            if function is not None and name.id in _parameters(function) and (not named or name.id in named):
                return function
        return None

    def at_call(self, expression: ast.expr, function: ast.FunctionDef, call: ast.Call) -> ast.expr | None:
        """Return ``expression`` with the parameters of ``function`` as ``call`` gives them, None where it gives none."""
        if isinstance(expression, ast.Name) and expression.id in _parameters(function):
            return self._bound(function, call, expression.id)
        if not isinstance(expression, ast.JoinedStr):
            return expression
        parts: list[ast.expr] = []
        for part in expression.values:
            if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
                value = self.at_call(part.value, function, call) or ast.Constant(OPEN)
                part = ast.FormattedValue(value, -1)  # noqa: PLW2901 - the part as this call gives it
            parts.append(part)
        joined = ast.JoinedStr(parts)
        for node in (joined, *parts):
            self._parents.setdefault(node, call)
            self._paths.setdefault(node, self.path_of(call))
        return joined

    def last_value(self, name: ast.Name) -> ast.expr | None:
        """Return what was assigned to ``name`` last before it is read: in its function, else in the module."""
        function = self._function(name)
        before = [
            (node.lineno, node.value)
            for node in (ast.walk(function) if function is not None else ())
            if isinstance(node, ast.Assign)
            and node.lineno <= name.lineno
            and any(_place(target, name.id) == -1 for target in node.targets)
        ]
        if before:
            return max(before, key=lambda each: each[0])[1]
        return self._table(self.path_of(name), name.id)

    def path_of(self, node: ast.AST) -> str:
        """Return the module that a node stands in."""
        return self._paths.get(node, "")

    def _texts(self, expression: ast.expr, depth: int) -> set[str]:
        texts = {OPEN}
        match expression:
            case _ if depth > _DEEPEST:
                pass
            case ast.Constant(value=str(text)):
                texts = {text}
            case ast.IfExp(body=one, orelse=other):
                texts = self._of_all([one, other], depth)
            case ast.BoolOp(values=values):
                texts = self._of_all(values, depth)
            case ast.JoinedStr(values=values):
                parts = [each.value if isinstance(each, ast.FormattedValue) else each for each in values]
                texts = self._joined(parts, depth)
            case ast.Name():
                texts = self._named(expression, depth)
        return texts

    def _of_all(self, expressions: Iterable[ast.expr | None], depth: int) -> set[str]:
        return {text for each in expressions for text in (self.texts(each, depth + 1) if each else {OPEN})}

    def _joined(self, parts: Sequence[ast.expr], depth: int) -> set[str]:
        """Return the texts of an f-string; parameters of one function are bound together, caller by caller."""
        if depth > _DEEPEST:
            return {OPEN}
        function = next((found for each in parts if (found := self._function(each)) is not None), None)
        parameters = set() if function is None else _parameters(function)
        named = {each.id for each in parts if isinstance(each, ast.Name) and each.id in parameters}
        if function is None or len(named) <= 1:
            combined = itertools.product(*(self.texts(each, depth + 1) for each in parts))
            return {"".join(texts) for texts in itertools.islice(combined, _MOST_COMBINED)}
        texts: set[str] = set()
        for call in self.callers(function):
            bound = [
                self._bound(function, call, each.id) if isinstance(each, ast.Name) and each.id in named else each
                for each in parts
            ]
            texts |= self._joined([each or ast.Constant(OPEN) for each in bound], depth + 1)
        return texts

    def _named(self, name: ast.Name, depth: int) -> set[str]:
        function = self._function(name)
        while function is not None:
            texts = self._local(function, name.id, depth)
            if name.id in _parameters(function):
                bound = [self._bound(function, call, name.id) for call in self.callers(function)]
                texts |= self._of_all(bound or [None], depth)
            if texts:
                return texts
            function = self._function(function)
        table = self._table(self._paths.get(name, ""), name.id)
        return {OPEN} if table is None else self.texts(table, depth + 1)

    def _local(self, function: ast.FunctionDef, name: str, depth: int) -> set[str]:
        """Return what assignments and loops of ``function`` give ``name``."""
        if function not in self._bindings:
            self._bindings[function] = [node for node in ast.walk(function) if isinstance(node, _Binding)]
        texts: set[str] = set()
        for node in self._bindings[function]:
            if isinstance(node, ast.Assign | ast.NamedExpr):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    texts |= self._given(target, node.value, name, depth)
            else:
                place = _place(node.target, name)
                texts |= self._items(node.iter, place, depth) if place is not None else set()
        return texts

    def _given(self, target: ast.expr, value: ast.expr, name: str, depth: int) -> set[str]:
        place = _place(target, name)
        if place is None:
            return set()
        if place < 0:
            return self.texts(value, depth + 1)
        choices = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
        return self._of_all((_element(each, place) for each in choices), depth)

    def _items(self, iterated: ast.expr, place: int, depth: int) -> set[str]:
        """Return what a loop over a literal table gives its target (``place`` of a pair, or the whole item when -1)."""
        key = (iterated, place)
        if key not in self._values:
            self._values[key] = set()
            self._values[key] = self._items_of(iterated, place, depth)
        return self._values[key]

    def _items_of(self, iterated: ast.expr, place: int, depth: int) -> set[str]:
        match iterated:
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                return self._of_all((each if place < 0 else _element(each, place) for each in items), depth)
            case ast.Dict(keys=keys) if place < 0:
                return self._of_all(keys, depth)
            case ast.Call(func=ast.Attribute(value=ast.Name() as owner, attr="items")):
                table = self._resolved(owner)
                if isinstance(table, ast.Dict):
                    return self._of_all(table.keys if place == 0 else table.values, depth)
            case ast.Name() if depth <= _DEEPEST:
                table = self._resolved(iterated)
                if table is not None:
                    return self._items(table, place, depth + 1)
                return self._items_bycallers(iterated, place, depth)
        return {OPEN}

    def _items_bycallers(self, name: ast.Name, place: int, depth: int) -> set[str]:
        function = self._function(name)
        if function is None or name.id not in _parameters(function):
            return {OPEN}
        bound = [self._bound(function, call, name.id) for call in self.callers(function)]
        return {text for each in bound for text in (self._items(each, place, depth + 1) if each else {OPEN})}

    def _resolved(self, name: ast.Name) -> ast.expr | None:
        """Return the one expression that ``name`` stands for: a local's, else the module's, else that of where it is from."""
        function = self._function(name)
        for node in ast.walk(function) if function is not None else ():
            if isinstance(node, ast.Assign) and any(_place(target, name.id) == -1 for target in node.targets):
                return node.value
        return self._table(self._paths.get(name, ""), name.id)

    def _table(self, path: str, name: str) -> ast.expr | None:
        for _ in range(_DEEPEST):
            if name in self._tables.get(path, {}):
                return self._tables[path][name]
            module, name = self._imports.get(path, {}).get(name, ("", name))
            path = self._path_by_name.get(module, "")
        return None

    def _function(self, node: ast.AST) -> ast.FunctionDef | None:
        while node in self._parents:
            node = self._parents[node]
            if isinstance(node, ast.FunctionDef):
                return node
        return None

    def callers(self, function: ast.FunctionDef) -> Iterator[ast.Call]:
        path, is_method = self._paths[function], self._is_method(function)
        home = path.removesuffix(".py").replace("/", ".")
        for call in self._calls[function.name]:
            at, names = self._paths[call], self._imports[self._paths[call]]
            is_called = at == path
            if not is_called and isinstance(call.func, ast.Name):
                is_called = names.get(function.name) == (home, function.name)
            elif not is_called and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
                is_called = is_method or ".".join(names.get(call.func.value.id, ("", ""))) == home
            if is_called:
                yield call

    def _is_method(self, function: ast.FunctionDef) -> bool:
        return isinstance(self._parents.get(function), ast.ClassDef)

    def _bound(self, function: ast.FunctionDef, call: ast.Call, name: str) -> ast.expr | None:
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if name in given:
            return given[name]
        arguments = function.args
        positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        defaults = dict(zip(reversed(positional), reversed(arguments.defaults), strict=False))
        defaults |= {
            each.arg: value for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value
        }
        place = positional.index(name) if name in positional else len(call.args)
        place -= 1 if self._is_method(function) and positional[:1] in (["self"], ["cls"]) else 0
        if 0 <= place < len(call.args) and not any(isinstance(each, ast.Starred) for each in call.args):
            return call.args[place]
        return defaults.get(name)


@cache
def product_sources() -> Sources:
    return Sources(ROOT, ("ledger", "finance", "api"))


def called(call: ast.Call) -> str:
    """Return the last word of what is called, empty where that is no name."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _imports(module: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, (node.module or "", alias.name)


def _assigned(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in module.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                yield target.id, node.value


def _parameters(function: ast.FunctionDef) -> set[str]:
    arguments = function.args
    return {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}


def _names(expression: ast.expr) -> Iterator[ast.Name]:
    parts = expression.values if isinstance(expression, ast.JoinedStr) else [expression]
    for part in parts:
        value = part.value if isinstance(part, ast.FormattedValue) else part
        if isinstance(value, ast.Name):
            yield value


def _place(target: ast.expr, name: str) -> int | None:
    """Return -1 where ``target`` is the name, its place where it is one of a tuple's, else None."""
    if isinstance(target, ast.Name):
        return -1 if target.id == name else None
    if isinstance(target, ast.Tuple):
        names = [each.id if isinstance(each, ast.Name) else "" for each in target.elts]
        return names.index(name) if name in names else None
    return None


def _element(items: ast.expr, place: int) -> ast.expr | None:
    return items.elts[place] if isinstance(items, ast.Tuple | ast.List) and place < len(items.elts) else None
