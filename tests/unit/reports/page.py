"""A page taken apart with the standard library's parser."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "input", "br", "link", "img"}


class Page(HTMLParser):
    """Collects every element: (tag, attributes, text inside, tags it lies in)."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str], list[str], tuple[str, ...]]] = []
        self._open: list[int] = []
        self.feed(html)
        assert not self._open, "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parents = tuple(self.elements[place][0] for place in self._open)
        self.elements.append((tag, {name: value or "" for name, value in attrs}, [], parents))
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open.pop()][0] == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        for place in self._open:
            self.elements[place][2].append(data)

    def texts(self, tag: str, css_class: str | None = None) -> list[str]:
        """The text inside each element of this tag and class."""
        return ["".join(text) for name, attrs, text, _ in self.elements if name == tag and _has(attrs, css_class)]

    def attributes(self, tag: str, css_class: str | None = None) -> list[dict[str, str]]:
        """The attributes of each element of this tag and class."""
        return [attrs for name, attrs, _, _ in self.elements if name == tag and _has(attrs, css_class)]


def _has(attrs: dict[str, str], css_class: str | None) -> bool:
    return css_class is None or css_class in attrs.get("class", "").split()
