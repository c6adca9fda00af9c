"""What a page says, where it leads, and what its forms would send."""

from __future__ import annotations

from html.parser import HTMLParser

_CHOICES = {"checkbox", "radio"}
_BUTTONS = {"button", "image", "reset", "submit"}


class Page(HTMLParser):
    """A page's text, its links, and its forms as they are filled in already."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.links: list[str] = []
        self.alerts: list[str] = []
        """The sentences of what the page announces (role `alert`)."""
        self.title = ""
        self._words: list[str] = []
        self._in_title = False
        self._select = ""
        self._alert = ""
        self.feed(html)

    @property
    def text(self) -> str:
        """What a person would read, in one line."""
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep links, and forms with what a browser would send of their inputs."""
        found = {name: value or "" for name, value in attrs}
        self._in_title = tag == "title"
        if found.get("role") == "alert":
            self._alert = tag
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "form":
            self.forms.append((found.get("action", ""), {}))
        elif self.forms:
            self._fill_in(tag, found)

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        if self._in_title:
            self.title += data.strip()
            self._in_title = False
        elif self._alert and data.strip():
            self.alerts.append(" ".join(data.split()))
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Notice where an announcement ends."""
        if tag == self._alert:
            self._alert = ""

    def _fill_in(self, tag: str, found: dict[str, str]) -> None:
        inputs, name, kind = self.forms[-1][1], found.get("name", ""), found.get("type")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in found or self._select not in inputs:
                inputs[self._select] = found.get("value", "")
        elif tag == "textarea" and name:
            inputs[name] = ""
        elif tag == "input" and name and kind not in _BUTTONS:
            is_choice = kind in _CHOICES
            if not is_choice or "checked" in found:
                inputs[name] = found.get("value", "on" if is_choice else "")
