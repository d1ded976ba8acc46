"""HTML into plain text with paragraph breaks. No markup is kept; scripts, styles and the like are dropped."""

import re
from html import unescape

_DROPPED = "script,style,noscript,template,iframe,object,svg,math,head,title,textarea,select,button"
_BLOCKS = (
    "p,div,li,ul,ol,dl,dt,dd,h1,h2,h3,h4,h5,h6,blockquote,pre,table,tr,section,article,header,footer,aside,figure,"
    "figcaption,hr,address,main,nav,details,summary,form"
)
#: The tree builder is quadratic in depth: past this many tags they are cut out by pattern instead.
MOST_TAGS = 5_000
_PARAGRAPH, _LINE = "\x1e", "\x1f"
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--")
_PIECES = re.compile(r"(</?[a-zA-Z][^<>]*>|<!--|-->)")
_SIMPLE = re.compile(
    r"(?i)<(/?)(p|br|hr|div|section|article|blockquote|figure|figcaption|ul|ol|li|h[1-6]|"
    r"a|b|i|u|em|strong|span|small|sup|sub|font|cite|img)"
    r"(?:\s+[\w:.-]+(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=`/]+))?)*\s*/?>"
)
_INLINE = frozenset(["a", "b", "i", "u", "em", "strong", "span", "small", "sup", "sub", "font", "cite", "img"])
_SPACE = re.compile(r"[ \t\r\n\f\v]{2,}|[\t\r\n\f\v]")
_BREAKS = re.compile(f"[ {_LINE}]*{_PARAGRAPH}[ {_LINE}{_PARAGRAPH}]*| *{_LINE} *{_LINE}[ {_LINE}]*")
_LINES = re.compile(f" ?{_LINE} ?")
_TWICE = re.compile(r"</(?:p|div|a|span|strong|em|li)>", re.IGNORECASE)
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});")


def to_text(html: str) -> str:
    """The text a reader sees: paragraphs apart by an empty line, `<br>` and cells by a line or a space. Markup that was
    escaped twice, so that tags of a text would show, is read as what it was meant to be."""
    plain = _to_text(html)
    return _to_text(plain) if _TWICE.search(plain) else plain


def _to_text(html: str) -> str:
    marked = html.replace(_PARAGRAPH, " ").replace(_LINE, " ").replace("\x00", "")
    if not _TAG.search(marked):  # plain text: its empty lines are its paragraphs
        parts = [_SPACE.sub(" ", part).strip() for part in re.split(r"\n\s*\n", unescape(marked))]
        return "\n\n".join(part for part in parts if part)
    if marked.count("<") > MOST_TAGS:
        return _lines(_cut(marked))
    quick = _plain(marked)
    return _lines(_tree(marked) if quick is None else quick)


def _lines(flat: str) -> str:
    flat = _BREAKS.sub("\n\n", _SPACE.sub(" ", flat))
    return (_LINES.sub("\n", flat) if _LINE in flat else flat).strip()


def _plain(html: str) -> str | None:
    """The text and breaks of simple markup, at a tenth of a tree's cost; None where only a tree can tell."""
    open_, stray = list[str](), False

    def mark(tag: re.Match[str]) -> str:
        nonlocal stray
        name = tag[2].lower()
        if name in _INLINE:
            return ""
        if not tag[1]:
            open_.extend([] if name in ("p", "br", "hr") else [name])
        elif name != "p" and (not open_ or open_.pop() != name):  # a `</p>` of nothing is a paragraph, this is nothing
            stray = True
        return _LINE if name == "br" else _PARAGRAPH

    flat = _SIMPLE.sub(mark, html)
    return None if stray or "<" in flat else unescape(flat)


def _tree(html: str) -> str:
    from selectolax.lexbor import LexborHTMLParser  # late: a command that reads no feed need not load it

    tree = LexborHTMLParser(html.encode("utf-8", "replace").decode())
    for node in tree.css(_DROPPED):
        node.decompose()
    for selector, before, after in (("br", _LINE, ""), (_BLOCKS, _PARAGRAPH, _PARAGRAPH), ("td,th", "", " ")):
        for node in tree.css(selector):
            node.insert_before(before)
            node.insert_after(after)
    return tree.root.text(deep=True) if tree.root else ""


def _cut(html: str) -> str:
    """The same in one pass without a tree, and without a pattern that could look for an end again and again."""
    kept, end = [], ""
    for piece in _PIECES.split(html):
        lowered = piece[:8].lower()
        if end:
            end = "" if lowered.startswith(end) else end
        elif lowered.startswith(("<script", "<style", "<!--")):
            end = {"<sc": "</script", "<st": "</style", "<!-": "-->"}[lowered[:3]]
        else:
            kept.append(_PARAGRAPH if _TAG.match(piece) else piece)
    return unescape("".join(kept))


def has_markup(raw: str) -> bool:
    """Whether a text that is said to be plain holds tags or comments."""
    return bool(_TAG.search(raw))


def title_text(title: str) -> str | None:
    """A title on one line: markup stripped, double-escaped entities unescaped; one that is markup only is kept as said.
    None when it is empty."""
    plain = to_text(title) if _TAG.search(title) else title
    if _ENTITY.search(plain):
        plain = unescape(plain)
        plain = to_text(plain) if _TAG.search(plain) else plain
    return _SPACE.sub(" ", plain).strip() or _SPACE.sub(" ", title).strip() or None
