"""The frame of a vendor server's page for people: one style, no script, no outside file."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import urlencode

from uar.demo.vendors.server import Request, Response

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif;
  --ink: light-dark(#1b2430, #e6eaf0); --soft: light-dark(#4d5a6b, #a9b4c2);
  --paper: light-dark(#f6f8fa, #12171e); --card: light-dark(#fff, #1a212b);
  --line: light-dark(#d3dae3, #323d4b); --link: light-dark(#0b5cad, #7db9f5);
  --accent: light-dark(#0d6b5e, #5cc9b6); --on-accent: light-dark(#fff, #0c1715);
  --bad: light-dark(#a3202d, #ff9aa2); }
* { box-sizing: border-box }
body { margin: 0; color: var(--ink); background: var(--paper) }
a { color: var(--link) }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
header { border-top: 6px solid var(--accent); background: var(--card);
  border-bottom: 1px solid var(--line); padding: .8rem 1.2rem }
header h1 { font-size: 1.25rem; margin: 0 } header h1 a { color: inherit; text-decoration: none }
header p { margin: .2rem 0 0; color: var(--soft); max-width: 70ch }
main { display: grid; gap: 1.2rem; padding: 1.2rem; max-width: 84rem; margin: 0 auto;
  grid-template-columns: minmax(0, 1fr) minmax(0, 2fr); align-items: start }
main > .wide { grid-column: 1 / -1 }
@media (max-width: 50rem) { main { grid-template-columns: minmax(0, 1fr) }
  .groups { max-height: 40vh; overflow-y: auto } }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .9rem 1.1rem; overflow-x: auto; position: relative }
h2 { font-size: 1.05rem; margin: 0 0 .5rem } p { margin: .4rem 0 }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-top: 1px solid var(--line);
  vertical-align: middle }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums }
tr[aria-current] { font-weight: 600; box-shadow: inset 4px 0 var(--accent) }
tr[aria-current] > :first-child { padding-left: .6rem }
.bar { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: end }
.bar label { display: grid; gap: .2rem; flex: 1 1 12rem; font-weight: 600 }
.bar > form { flex: 1 1 18rem }
form.row { display: inline }
input, select, button { font: inherit; color: inherit; min-height: 2.2rem; border-radius: .35rem;
  border: 1px solid var(--soft); background: var(--card); padding: .2rem .7rem }
button { cursor: pointer; color: var(--on-accent); background: var(--accent);
  border-color: var(--accent) }
button.quiet { color: var(--bad); background: transparent; border-color: var(--bad);
  min-height: 1.75rem; padding: 0 .6rem }
form.set { display: flex; gap: .3rem } form.set select { max-width: 12rem; padding: .2rem .3rem }
.tag { border: 1px solid var(--soft); border-radius: 1rem; padding: 0 .6rem; font-size: .85rem;
  color: var(--soft); white-space: nowrap }
.note { border-left: 4px solid var(--accent); padding-left: .8rem }
.soft { color: var(--soft) }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap }
"""
SAFETY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"


def page(title: str, about: str, main: str, *, refresh_s: int = 0) -> Response:
    """A whole page; `main` is HTML already. With refresh_s it loads itself again so often."""
    refresh = f'<meta http-equiv="refresh" content="{refresh_s}">' if refresh_s else ""
    body = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">{refresh}'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/page.css"></head><body>'
        f'<header><h1><a href="/">{escape(title)}</a></h1><p>{escape(about)}</p></header>'
        f"<main>{main}</main></body></html>"
    )
    headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
    return Response(200, body.encode(), {**headers, "Content-Security-Policy": SAFETY})


def asset(request: Request) -> Response | None:
    """The style sheet, or an empty answer for the icon that browsers ask for."""
    if request.path == "/page.css":
        return Response(200, STYLE.encode(), {"Content-Type": "text/css; charset=utf-8"})
    return Response(204) if request.path == "/favicon.ico" else None


def redirect(**query: str | int) -> Response:
    """Send the browser back to the page with this query."""
    return Response(303, b"", {"Location": link(**query)})


def link(**query: str | int) -> str:
    """The page's address with this query, empty values left out; not yet escaped."""
    kept = {name: value for name, value in query.items() if value != ""}
    return "/?" + urlencode(kept) if kept else "/"


def table(caption: str, columns: list[str], rows: list[str]) -> str:
    """A table; columns and rows are HTML already, a column that begins with # holds numbers."""
    heads = "".join(
        f'<th scope="col" class="n">{name[1:]}</th>'
        if name.startswith("#")
        else f'<th scope="col">{name}</th>'
        for name in columns
    )
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def page_links(here: Callable[..., str], of: str, skip: int, total: int, size: int) -> str:
    """Links to the rows before and after; `here(name=skip)` gives an address, escaped already."""
    links = []
    if skip > 0:
        links.append(f'<a href="{here(**{of: max(0, skip - size)})}">Previous {of}</a>')
    if skip + size < total:
        links.append(f'<a href="{here(**{of: skip + size})}">Next {of}</a>')
    return f'<p class="bar">{" ".join(links)}</p>' if links else ""


def hidden_field(name: str, value: str) -> str:
    """A field of a form that nobody sees."""
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def whole_number(text: str) -> int:
    """A number of the query; 0 for anything else."""
    return int(text) if text.isdigit() else 0


def same_origin(request: Request) -> bool:
    """Say whether a form was sent from this page: what browsers say of its origin agrees."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    at_home = origin in (None, f"http://{request.headers.get('host', '')}")
    return at_home and site in ("same-origin", "none")
