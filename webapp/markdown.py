"""The little Markdown of our own help and handbook as HTML: headings, paragraphs, lists, tables, bold, code, keys.

Everything is escaped first, so a text can't bring tags of its own. It is not for texts that people type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

INLINE = (
    (re.compile(r"\*\*(.+?)\*\*"), r"<b>\1</b>"),
    (re.compile(r"`(.+?)`"), r"<code>\1</code>"),
    (re.compile(r"\[\[(.+?)\]\]"), r"<kbd>\1</kbd>"),
)


def render(text: str) -> Markup:
    """Return a text as HTML."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return Markup("\n").join(Markup(part) for block in blocks for part in _block(block.split("\n")))  # noqa: S704 - escaped in _inline


def sections(text: str) -> dict[str, str]:
    """Return the parts of a text by their headings of the second level; several names of one part share it."""
    found: dict[str, str] = {}
    for part in re.split(r"^## ", text, flags=re.M)[1:]:
        names, _, body = part.partition("\n")
        found |= dict.fromkeys(names.split(), body.strip())
    return found


def _block(lines: list[str]) -> Iterator[str]:
    first = lines[0]
    if match := re.match(r"(#{1,4}) (.+)", first):
        level = len(match[1])
        yield f"<h{level}>{_inline(match[2])}</h{level}>"
        if lines[1:]:
            yield from _block(lines[1:])
    elif first.startswith("|"):
        yield _table(lines)
    elif re.match(r"(- |\d+\. )", first):
        yield _list(lines)
    else:
        for part in _paragraphs(lines):
            yield f"<p>{_inline(part)}</p>"


def _paragraphs(lines: list[str]) -> list[str]:
    """Join lines; one that begins with a bold word begins a paragraph. Chinese lines are joined without a space."""
    found = [lines[0]]
    for line in lines[1:]:
        if line.startswith("**"):
            found.append(line)
        else:
            found[-1] += (" " if found[-1].isascii() else "") + line
    return found


def _list(lines: list[str]) -> str:
    tag = "ul" if lines[0].startswith("- ") else "ol"
    items: list[str] = []
    for line in lines:
        if match := re.match(r"(?:- |\d+\. )(.+)", line):
            items.append(match[1])
        else:
            items[-1] += ("" if not line.strip().isascii() else " ") + line.strip()
    return f"<{tag}>{''.join(f'<li>{_inline(item)}</li>' for item in items)}</{tag}>"


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    body = [row for row in rows[1:] if not all(set(cell) <= set("-: ") for cell in row)]
    head = "".join(f"<th>{_inline(cell)}</th>" for cell in rows[0])
    cells = "".join(f"<tr>{''.join(f'<td>{_inline(cell)}</td>' for cell in row)}</tr>" for row in body)
    return f'<table class="t"><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>'


def _inline(text: str) -> str:
    found = str(escape(text))
    for pattern, made in INLINE:
        found = pattern.sub(made, found)
    return found
