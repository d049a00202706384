"""A small HTML tree for tests, out of the standard library's parser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})


@dataclass
class Node:
    """One element; ``children`` holds elements and texts in their order."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)
    parent: Node | None = field(default=None, repr=False)

    def __getitem__(self, name: str) -> str:
        return self.attrs[name]

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute."""
        return self.attrs.get(name, default)

    @property
    def is_hidden(self) -> bool:
        """Say whether only screen readers meet it."""
        return "hidden" in self.get("class").split() or "hidden" in self.attrs

    def walk(self) -> Iterator[Node]:
        """Yield every element below, in the order of the page."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.walk()

    def all(self, *tags: str, **attrs: str) -> list[Node]:
        """Return the elements below of one of these tags that have these attributes."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()}
        return [
            node
            for node in self.walk()
            if (not tags or node.tag in tags)
            and all(node.attrs.get(name) == value for name, value in wanted.items())
        ]

    def first(self, *tags: str, **attrs: str) -> Node:
        """Return the first such element; fails when there is none."""
        found = self.all(*tags, **attrs)
        assert found, f"no {tags} with {attrs}"
        return found[0]

    def within(self, tag: str) -> Node | None:
        """Return the nearest element of a tag around this one."""
        node = self.parent
        while node is not None and node.tag != tag:
            node = node.parent
        return node

    @property
    def text(self) -> str:
        """Return what one sees, white space folded: without what only screen readers meet."""
        return " ".join("".join(self._texts(spoken=False)).split())

    @property
    def spoken(self) -> str:
        """Return what a screen reader says, white space folded."""
        return " ".join("".join(self._texts(spoken=True)).split())

    def _texts(self, *, spoken: bool) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in ("script", "style") and (spoken or not child.is_hidden):
                gap = " " if child.tag in BLOCKS else ""
                yield gap
                yield from child._texts(spoken=spoken)
                yield gap


BLOCKS = frozenset(
    {"p", "div", "li", "td", "th", "tr", "dt", "dd", "h1", "h2", "h3", "summary", "label", "option",
     "caption", "span", "button", "br"}
)  # fmt: skip


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("root")
        self.at = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> says an attribute twice: {names}"
        node = Node(tag, {name: value or "" for name, value in attrs}, parent=self.at)
        self.at.children.append(node)
        if tag not in VOID:
            self.at = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}> at {self.getpos()}"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def tree(html: str) -> Node:
    """Parse a page or a part of one. Fails when an element is not closed where it must be."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert builder.at is builder.root, f"<{builder.at.tag}> is never closed"
    return builder.root
