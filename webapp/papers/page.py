"""A paper as one HTML file that needs nothing else: for a web page or a screen. No script, no address, no font file."""

from __future__ import annotations

from html import escape
from itertools import groupby

from webapp.papers.paper import Block, Cell, Heading, Letterhead, Line, Paper, Row, Signature, Table, Text, place

STYLE = """
body{max-width:52rem;margin:2rem auto;padding:0 1rem;font:16px/1.8 "Noto Serif CJK SC",SimSun,serif;color:#1b2330}
h1{font-size:1.5rem;text-align:center;line-height:1.5} h2{font-size:1.125rem;margin:1.5rem 0 .5rem} h3{font-size:1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0} th,td{border:1px solid #465064;padding:.25rem .5rem}
td,th{text-align:center;white-space:pre-line} .left{text-align:left} .right{text-align:right} .center{text-align:center}
.strong{font-weight:700} p.text{text-indent:2em} .stamp{color:#a92a20} @media print{body{margin:0}}
"""


def write(paper: Paper) -> bytes:
    """Return the paper as a self-contained page in UTF-8."""
    title = "<br>".join(escape(line) for line in paper.title)
    name = escape("".join(paper.title))
    stamp = f'<p class="stamp">{escape(paper.stamp)}</p>' if paper.stamp else ""
    body = "\n".join(_block(block) for block in paper.blocks)
    foot = f"<footer><small>{escape(paper.foot)}</small></footer>" if paper.foot else ""
    return (
        f'<!doctype html>\n<html lang="zh-Hans"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{name}</title>'
        f"<style>{STYLE}</style></head>\n<body>{stamp}<h1>{title}</h1>\n{body}\n{foot}</body></html>\n"
    ).encode()


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        tag = "h2" if block.level == 1 else "h3"
        return f"<{tag}>{escape(block.text)}</{tag}>"
    if isinstance(block, Line):
        return f'<p class="{block.align}">{escape(block.text)}</p>'
    if isinstance(block, Table):
        head = f"<thead>{_rows(block.head, 'th')}</thead>" if block.head else ""
        return f"<table>{head}<tbody>{_rows(block.rows, 'td')}</tbody></table>"
    return _of_letters(block)


def _of_letters(block: Letterhead | Text | Signature) -> str:
    if isinstance(block, Letterhead):
        lines = [f'<p class="center strong">{escape(block.issuer)}</p>']
        lines += [f'<p class="center">{escape(block.number)}</p>'] if block.number else []
        return "".join([*lines, f'<p class="left">{escape(block.to)}</p>' if block.to else ""])
    if isinstance(block, Text):
        return "".join(
            f'<p class="{"left" if block.plain else "text"}">{escape(part)}</p>' for part in block.paragraphs
        )
    return "".join(f'<p class="right">{escape(line)}</p>' for line in block.lines)


def _rows(rows: tuple[Row, ...], tag: str) -> str:
    by_row = groupby(place(rows), key=lambda spot: spot.row)
    return "".join(f"<tr>{''.join(_cell(spot.cell, tag) for spot in spots)}</tr>" for _number, spots in by_row)


def _cell(cell: Cell, tag: str) -> str:
    span = f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    span += f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
    kind = " ".join(filter(None, (cell.align if cell.align != "center" else "", "strong" if cell.strong else "")))
    return f"<{tag}{span}{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{escape(cell.text)}</{tag}>"
