"""Headless Chromium over a deployed portal: what its pages do for somebody who uses them.

`cargo local test` runs this on its own platform. By hand: `cargo local up --detach`, then `python -m pytest tests/browser` with
STATUT_ETUDIANT_OUTPUTS and STATUT_ETUDIANT_SANDBOX. Every page that a test leaves is held to what `visiting.py` says of all
pages, and its picture is in BROWSER_PICTURES.
"""

import datetime
import json
import os
import pathlib
import shutil
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from network import Network
from visiting import Visitor


def _read(variable):
    return json.loads(pathlib.Path(os.environ[variable]).read_text())


@pytest.fixture(scope="session")
def portal_url():
    return _read("STATUT_ETUDIANT_OUTPUTS")["portal_url"]


@pytest.fixture(scope="session")
def sandbox():
    return _read("STATUT_ETUDIANT_SANDBOX")


@pytest.fixture(scope="session")
def accounts(sandbox):
    """The `login_hint` of an account by its role; none for one that is a member of nothing."""
    return {account["role"]: account["login_hint"] for account in sandbox["portal_accounts"]}


@pytest.fixture(scope="session")
def pictures():
    directory = pathlib.Path(os.environ.get("BROWSER_PICTURES", "target/browser"))
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture(scope="session")
def chromium():
    names = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    program = next(filter(None, map(shutil.which, names)), None)
    assert program, "no Chromium on this machine: install it (Debian: apt-get install chromium), or name it in CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            # In a container nobody is there to be sandboxed from; what is asked for from elsewhere than this machine fails.
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--no-proxy-server"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def enrolled(chromium, sandbox, portal_url):
    """Whom FranceConnect's double logs in as `enrolled`, once the register has them as a student of the university."""
    api = portal_url.removesuffix("/portail")
    sample = pathlib.Path(__file__).parents[2] / "infra/local/sandbox/universite.csv"
    day = datetime.date.today()
    year = day.year - (day.month < 7)
    header, first, *_ = sample.read_text(encoding="utf-8-sig").replace("{N}", str(year)).replace("{N+1}", str(year + 1)).splitlines()
    browser = chromium.new_context()
    key = sandbox["write_keys"]["0751967F"]
    form = browser.request.post(f"{api}/api/depots", headers={"X-API-Key": key}, data={}).json()
    file = {"name": "f.csv", "mimeType": "text/csv", "buffer": "\n".join([header, first, ""]).encode()}
    browser.request.post(form["url"], multipart={**form["champs"], "file": file})
    asked = f"{api}/api/etudiant?INE={first.split(';')[0]}"
    headers = {"X-API-Key": sandbox["status_ine_key"], "X-Caller": "DINUM - 00000000-0000-0000-0000-000000000000"}
    for _ in range(240):
        if browser.request.get(asked, headers=headers).status == 200:
            break
        time.sleep(0.5)
    else:
        raise AssertionError("the enrolment never became visible")
    browser.close()
    return next(account for account in sandbox["student_accounts"] if account["login_hint"] == "enrolled")


@pytest.fixture
def network(portal_url):
    """A way to the portal that can be cut."""
    address = urlsplit(portal_url)
    network = Network(address.hostname, address.port)
    yield network
    network.cut()


@pytest.fixture
def visit(chromium, portal_url, pictures, request):
    """Makes a visitor with a browser of their own: `visit("relecteur")`, `visit(student="enrolled", javascript=False)`."""
    visitors = []

    def make(account=None, student=None, over=None, **settings):
        address = urlsplit(portal_url)._replace(netloc=f"127.0.0.1:{over.port}").geturl() if over else portal_url
        visitor = Visitor(chromium, address, pictures / request.node.name.split("[")[0], **settings)
        visitors.append(visitor)
        if account:
            visitor.log_in(account)
        if student:
            visitor.log_in_as_student(student)
        return visitor

    yield make
    for visitor in visitors:
        visitor.leave()
