"""Every page that a link leads to, for everybody who has an account, and for who has none."""

import pathlib
import re
from urllib.parse import urljoin, urlsplit

import pytest

# Pages of one kind are looked at once.
ID = re.compile(r"/(?:[0-9a-f]{16,}|[a-z]-\d[\w.-]*|\d{7}[A-Z])(?=/|$)")
MOST = 60
# Those that somebody before has looked at: a page that everybody finds is looked at once.
LOOKED_AT = set()


def kind(path):
    return ID.sub("/ID", path)


def links(visitor, at):
    found = visitor.page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
    base = urlsplit(visitor.portal_url)
    for href in found:
        url = urlsplit(urljoin(at, href))
        is_page = not re.search(r"\.(csv|json|xlsx|xml|parquet)$", url.path)
        if url.netloc == base.netloc and url.path.startswith(base.path) and is_page and "/connexion/" not in url.path:
            yield url.path.removeprefix(base.path), url.query


@pytest.mark.parametrize("role", ["nobody", "etudiant", "gestionnaire", "deposant", "relecteur", "operateur", None])
def test_every_page_can_be_read_by_everybody(visit, accounts, enrolled, role):
    if role == "etudiant":
        visitor = visit(student=enrolled["login_hint"])
    else:
        visitor = visit() if role == "nobody" else visit(accounts[role])
    seen, todo = set(), ["" if role == "nobody" else visitor.page.url.removeprefix(visitor.portal_url)]
    todo.append("")
    while todo and len(seen) < MOST:
        path = todo.pop(0)
        if kind(path) in seen:
            continue
        seen.add(kind(path))
        answer = visitor.open(path)
        assert answer.status == 200, (path, answer.status)
        page = visitor.page
        assert page.locator("h1").count() == 1, path
        assert page.locator("html[lang=fr]").count() and page.title().strip(" –") and page.locator("main#contenu").count(), path
        name = kind(page.url.removeprefix(visitor.portal_url).split("?")[0]).strip("/").replace("/", "_") or "accueil"
        if kind(path) not in LOOKED_AT:
            visitor.look(f"{role or 'membre-de-rien'}-{name}")
            LOOKED_AT.add(kind(path))
        todo.extend(found for found, _ in links(visitor, page.url))
    assert len(seen) >= 8, seen


# What the tests of `functions/statistics/tests/national.rs` write.
SNAPSHOTS = pathlib.Path(__file__).parents[2] / "target/tmp/snapshots"


@pytest.mark.parametrize("snapshot", ["empty", "university", "second"])
def test_the_report_of_a_snapshot_can_be_read_by_everybody(visit, snapshot):
    visitor, files = visit(), SNAPSHOTS / snapshot
    pages = [files / "rapport.html", *sorted(files.glob("fiches-*.html"))[:1]]
    assert pages[0].is_file(), f"{pages[0]} isn't there: cargo test --workspace --test national_statistics"
    assert snapshot == "empty" or len(pages) == 2, "no sheet of an establishment"
    for path in pages:
        visitor.page.goto(path.as_uri())
        assert visitor.page.locator("h1").count() == 1 and visitor.page.locator("html[lang=fr]").count(), path
        visitor.look(f"{snapshot}-{path.stem.split('-')[0]}")
