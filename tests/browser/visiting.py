"""A person with a browser, and what must hold of each page that they see.

Of every page: nothing is asked for from elsewhere, nothing is refused by its content security policy, nothing is said on the console,
it fits 320 pixels, and axe finds no violation of the rules that it can judge.
"""

import re

from axe_playwright_python.sync_playwright import Axe

AXE = Axe()
# Some 2 s each on a slow machine: a page of the emulated gateway takes half of one.
PATIENCE = 60_000
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}


class Visitor:
    def __init__(self, chromium, portal_url, pictures, javascript=True):
        self.portal_url, self.pictures, self.javascript = portal_url, pictures, javascript
        self.origin = re.match(r"https?://[^/]+", portal_url)[0]
        self.context = chromium.new_context(viewport=WIDE, java_script_enabled=javascript, locale="fr-FR", reduced_motion="reduce")
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.said, self.elsewhere, self.faults, self.keys = [], [], [], 0
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", self._asked)

    def _asked(self, request):
        # A log-in leads to the provider, which is another origin, as a page of its own.
        if not request.url.startswith((self.origin, "data:")) and not request.is_navigation_request():
            self.elsewhere.append(request.url)

    def leave(self):
        """What must hold of the whole visit."""
        said = [line for line in self.said if not _is_usual(line)]
        self.context.close()
        assert not said, said
        assert not self.elsewhere, self.elsewhere
        assert not self.faults, "\n".join(self.faults)

    # --- going about ---

    def open(self, path):
        """Goes to a page of the portal by its address."""
        return self.page.goto(self.portal_url + path)

    def log_in(self, account):
        self.open("/connexion/depart?retour=/etablissements")
        self.page.locator(f"#{account}").click()
        self.page.wait_for_url(self.portal_url + "/**")

    def log_in_as_student(self, person):
        self.open("/mon-espace/connexion/depart")
        self.page.locator(f"#{person}").click()
        self.page.wait_for_url(self.portal_url + "/mon-espace")

    def arrives(self, heading):
        """Waits for a page's heading; without JavaScript it is read again, as a person would."""
        wanted = self.page.get_by_role("heading", name=heading, exact=True)
        if self.javascript:
            wanted.wait_for()
            return
        for _ in range(120):
            if wanted.count():
                return
            self.page.wait_for_timeout(500)
            self.page.reload()
        raise AssertionError(f"never {heading}: {self.page.inner_text('main')}")

    # --- by keyboard alone ---

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def tab_to(self, name, most=60):
        """Tabs until what has this accessible name has the focus, which must be seen."""
        for _ in range(most):
            self.press("Tab")
            focused = self.page.evaluate(
                """() => { const at = document.activeElement, style = getComputedStyle(at);
                    return [at.innerText || at.labels?.[0]?.innerText || at.ariaLabel || "", style.outlineStyle]; }"""
            )
            if name in " ".join(focused[0].split()):
                assert focused[1] != "none", f"nobody sees that {name} has the focus"
                return
        raise AssertionError(f"no Tab leads to {name}")

    # --- each page ---

    def look(self, name):
        """Takes pictures of the page, wide and light, narrow and dark, and holds it to what must hold of all."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        for width, size, scheme in (("wide", WIDE, "light"), ("narrow", NARROW, "dark")):
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme=scheme)
            self.page.screenshot(path=self.pictures / f"{name}-{width}-{scheme}.png", full_page=True)
            if self.javascript:
                self._judge(f"{name} ({width}, {scheme})")
        self.page.set_viewport_size(WIDE)

    def _judge(self, name):
        wide = self.page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            self.faults.append(f"{name} is {wide} pixels too wide")
        found = AXE.run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
        self.faults.extend(f"{name}: {one['id']}: {one['help']}: {node['html']}" for one in found for node in one["nodes"])


def _is_usual(line):
    """What the browser itself notes: each answer of 400 and more, which some tests ask for, and what a log-out clears."""
    return line.startswith(("Failed to load resource: the server responded with a status of 4", "Clear-Site-Data header on "))
