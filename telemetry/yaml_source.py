"""A YAML file that remembers its lines, so that an error in its content can say where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from telemetry.errors import DictionaryError

Location = tuple[int | str, ...]


class _Loader(yaml.SafeLoader):
    """Leaves dates as text: whoever checks the content knows what a date must be, and reports it with its line."""

    yaml_implicit_resolvers = {  # noqa: RUF012 -- PyYAML's own way to configure a loader
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class YamlSource:
    """The content of a YAML file, and the line of each part of it.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    DictionaryError
        If it cannot be read, is not YAML, or names a key twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._root: yaml.Node | None = None
        try:
            loader = _Loader(path.read_text(encoding="utf-8"))
            self._root = loader.get_single_node()
            self._check_keys(self._root, set())
            self.content: Any = loader.construct_document(self._root) if self._root is not None else None
        except OSError as error:
            raise DictionaryError(str(path), 0, f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise DictionaryError(str(path), 0, "is not UTF-8 text; save it as UTF-8") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise DictionaryError(str(path), line, f"is not YAML: {error.problem or error.context}") from error
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise DictionaryError(str(path), 0, f"holds what cannot be read: {error}") from error

    def error(self, location: Location, detail: str) -> DictionaryError:
        """Return an error that points at a place in the content."""
        return DictionaryError(str(self.path), self.line_of(location), detail)

    def path_of(self, location: Location) -> Location:
        """Return the steps of a location that are in the content, and a last one that is missing there.

        The checker names, between them, which of several forms it took a part for: in words, as no key is written.
        """
        node = self._root
        steps: list[int | str] = []
        for i, step in enumerate(location, 1):
            found = _child(node, step)
            if found is not None:
                steps.append(step)
                node = found[1]
            elif i == len(location) and " " not in str(step):
                steps.append(step)
        return tuple(steps)

    def line_of(self, location: Location) -> int:
        """Return the line, from 1, of the deepest part on the way to `location` that exists."""
        node, line = self._root, 1
        for step in location:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line

    def _check_keys(self, node: yaml.Node | None, seen: set[int]) -> None:
        """Refuse a mapping that names a key twice: YAML would keep the last and forget the others in silence."""
        if node is None or id(node) in seen:
            return
        seen.add(id(node))
        children: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if isinstance(key, yaml.ScalarNode) and key.value in lines:
                    detail = f"{key.value!r} is named twice, first in line {lines[key.value]}; keep one"
                    raise DictionaryError(str(self.path), line, detail)
                lines[str(key.value)] = line
                children.append(value)
        elif isinstance(node, yaml.SequenceNode):
            children = node.value
        for child in children:
            self._check_keys(child, seen)


def _child(node: yaml.Node | None, step: int | str) -> tuple[int, yaml.Node] | None:
    """Return a part of a node with its line, from 1; None if there is no such part."""
    if isinstance(node, yaml.MappingNode):
        found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
        return None if found is None else (found[0].start_mark.line + 1, found[1])
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        part: yaml.Node = node.value[step]
        return part.start_mark.line + 1, part
    return None
