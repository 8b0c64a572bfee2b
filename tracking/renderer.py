"""Turns pages into HTML: whole, and in the parts that change while a visitor looks on."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tracking.codes import grouped
from tracking.language import HTML_CODES, LANGUAGES, NAMES, Language, words_of
from tracking.page import Page, backdrop_of, page_of
from tracking.view import PublicDelivery

STATIC_DIR: Final = Path(__file__).parent / "static"
PARTS: Final = ("signal", "headline", "figures", "map", "journey", "condition", "updates")
_SCRIPT_WORDS: Final = (
    "unit.s",
    "unit.min",
    "unit.h",
    "unit.day",
    "eta.now",
    "signal.never",
    "signal.fresh",
    "signal.age",
    "signal.none",
    "signal.offline",
)
# what JSON must not hold inside a script element (HTML, "Restrictions for contents of script elements")
_ESCAPES: Final = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


class Renderer:
    """Renders pages; autoescaping is on, and a name that a template lacks is an error."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("tracking"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def track(self, delivery: PublicDelivery, language: Language) -> str:
        """Return the page of a delivery."""
        page = page_of(delivery, words_of(language))
        words = page.words
        data = {
            "live": f"/t/{delivery.code}/live?lang={language}",
            "locale": HTML_CODES[language],
            "status": page.status,
            "clock": page.clock,
            "words": {key: words.entries[key] for key in _SCRIPT_WORDS},
        }
        return self._render(
            "track.html",
            language,
            page=page,
            backdrop=backdrop_of(delivery),
            flight=delivery.flight.flight,
            data=_script_json(data),
        )

    def update(self, delivery: PublicDelivery, language: Language) -> str:
        """Return what changed on a delivery's page, as JSON for its script."""
        page: Page = page_of(delivery, words_of(language))
        parts = {name: self._render(f"part_{name}.html", language, page=page) for name in PARTS}
        words = page.words
        title = words("title.track", status=page.title, code=page.printed_code)
        update = {
            "status": page.status,
            "title": f"{title} \N{EN DASH} {words('brand')}",
            "announce": f"{page.title}. {page.tells}",
            "clock": page.clock,
            "parts": parts,
        }
        return json.dumps(update, ensure_ascii=False, separators=(",", ":"))

    def find(self, language: Language, *, asked: str | None = None, missing: bool = False) -> str:
        """Return the page that asks for a code, or says that there is no such parcel."""
        title = words_of(language)("title.missing" if missing else "title.home")
        return self._render("find.html", language, title=title, asked=asked, missing=missing)

    def _render(self, template: str, language: Language, **context: Any) -> str:
        return self._templates.get_template(template).render(
            words=words_of(language),
            html_code=HTML_CODES[language],
            html_codes=HTML_CODES,
            languages={code: NAMES[code] for code in LANGUAGES},
            version=static_version(),
            grouped=grouped,
            **context,
        )


@functools.cache
def static_version() -> str:
    """Return a short hash of the static files, so that a new version is a new address."""
    digest = hashlib.sha256()
    for path in sorted(STATIC_DIR.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _script_json(data: dict[str, Any]) -> Markup:
    text = json.dumps(data, ensure_ascii=False).translate(_ESCAPES)
    return Markup(text)  # noqa: S704 -- escaped for a script element just above
