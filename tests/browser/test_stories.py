"""What people come to the portal for, from the first click to the end."""

import datetime
import pathlib
import uuid

import pytest
from playwright.sync_api import expect

SAMPLE = pathlib.Path(__file__).parents[2] / "infra/local/sandbox/universite.csv"
UNIVERSITY = "0751967F"


def today():
    """The academic year, which begins on 1 July, by its first civil year."""
    day = datetime.date.today()
    return day.year - (day.month < 7)


def file_with(*rows):
    """The university's sample of this year, with rows more."""
    text = SAMPLE.read_text(encoding="utf-8-sig").replace("{N}", str(today())).replace("{N+1}", str(today() + 1))
    return "\n".join([*text.splitlines(), *rows, ""]).encode()


def drop(visitor, content, name="rentrée <b>1</b>.csv"):
    visitor.page.get_by_label("Fichier d'inscriptions").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})


def send(visitor):
    """A file, in four steps, by the pages' own words."""
    visitor.open(f"/etablissements/{UNIVERSITY}")
    visitor.page.get_by_role("link", name="Envoyer un fichier").click()
    visitor.look("envoi")
    visitor.page.get_by_label("Ce qui est nouveau ou a changé").check()
    visitor.page.get_by_role("button", name="Continuer").click()
    visitor.look("depot")
    drop(visitor, file_with("broken"))
    visitor.page.get_by_role("button", name="Envoyer", exact=True).click()
    visitor.arrives("Vérifier les colonnes")
    visitor.look("colonnes")
    visitor.page.get_by_role("link", name="Lire l'essai").click()
    visitor.arrives("Lire l'essai")
    visitor.look("essai")
    visitor.page.get_by_role("link", name="Passer à la confirmation").click()
    visitor.look("confirmation")
    visitor.page.get_by_role("button", name="Confirmer l'import").click()
    visitor.arrives("Un import")
    visitor.look("suivi")
    assert "importé en partie" in visitor.page.inner_text("main")


def test_a_depositor_sends_a_file(visit, accounts):
    send(visit(accounts["deposant"]))


def test_a_depositor_sends_a_file_without_javascript(visit, accounts):
    send(visit(accounts["deposant"], javascript=False))


def test_rejected_rows_are_taken_as_a_file(visit, accounts):
    visitor = visit(accounts["deposant"])
    visitor.open(f"/etablissements/{UNIVERSITY}")
    visitor.page.get_by_text("importé en partie").first.locator("xpath=ancestor::tr").get_by_role("link").click()
    with visitor.page.expect_download() as downloading:
        visitor.page.get_by_role("link", name="Télécharger ces lignes").click()
    text = pathlib.Path(downloading.value.path()).read_text(encoding="utf-8-sig")
    lines = text.splitlines()
    assert lines[0].startswith("ligne;motifs;ine;"), text
    assert lines[-1].startswith(f"{len(file_with('broken').splitlines())};la ligne a"), text
    assert any("2005-02-30" in line for line in lines), "with what was sent"


@pytest.fixture
def doubt(visit, accounts, sandbox, portal_url):
    """Somebody with the name and the birth date of a student of the university, born elsewhere, without INE: nobody can tell."""
    send(visit(accounts["deposant"]))
    uai, key = next((uai, key) for uai, key in sandbox["write_keys"].items() if uai != UNIVERSITY)
    header, first, *_ = file_with().decode().splitlines()
    values = dict(zip(header.split(";"), first.split(";"), strict=True))
    values |= {"ine": "", "lieuNaissance": "35238", "uai": uai, "numeroEtudiant": uuid.uuid4().hex[:12]}
    # What the university's own table reads is nobody else's.
    values |= {"regime": "formation initiale", "codeCommune": "", "cursus": "L", "diplome": "2400001", "niveauDiplome": "01"}
    api = portal_url.removesuffix("/portail")
    request = visit().context.request
    form = request.post(f"{api}/api/depots", headers={"X-API-Key": key}, data={}).json()
    content = "\n".join([header, ";".join(values.values()), ""]).encode()
    posted = request.post(form["url"], multipart={**form["champs"], "file": {"name": "f.csv", "mimeType": "text/csv", "buffer": content}})
    assert posted.status == 204, posted.text()


def test_a_reviewer_decides_by_keyboard_alone_and_undoes_it(visit, accounts, doubt):
    visitor = visit(accounts["relecteur"])
    page = visitor.page
    # Of a doubt of another kind, other answers are asked for.
    visitor.open("/revues?nature=rattachement")
    for _ in range(120):
        if page.get_by_role("link", name="Commencer par la plus ancienne").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    else:
        raise AssertionError("the doubt never came to be a case")
    visitor.look("revues")
    visitor.tab_to("Commencer par la plus ancienne")
    visitor.press("Enter")
    page.wait_for_url("**/revues/*")
    visitor.look("revue")
    case = page.url.split("?")[0]
    assert "ROUSSEL" not in page.inner_text("main") and "•" in page.inner_text("main")
    before = visitor.keys
    visitor.tab_to("aucun d'eux")
    visitor.press("Enter")
    page.get_by_text("Votre réponse est enregistrée").or_(page.get_by_text("Il ne reste aucune revue")).wait_for()
    assert visitor.keys - before < 25, "a case is a matter of seconds"
    visitor.look("revue-suivante")
    page.goto(case)
    visitor.look("revue-decidee")
    visitor.tab_to("Annuler la décision")
    visitor.press("Enter")
    page.get_by_text("annulée le").or_(page.get_by_text("annulée, rouverte")).first.wait_for()


def share(visit, enrolled, javascript):
    """A student reads their own, makes a code, and ends it; somebody else reads what it shows meanwhile."""
    student = visit(student=enrolled["login_hint"], javascript=javascript)
    student.arrives("Mon espace")
    student.look("mon-espace")
    assert "0AYIOP071Y8" in student.page.inner_text("main")
    student.page.get_by_role("link", name="Mes partages").click()
    student.page.get_by_label("Il sert à prouver votre statut pour").select_option(label="un logement")
    student.page.get_by_role("button", name="Créer le code").click()
    student.arrives("Votre code de partage")
    student.look("code")
    code = student.page.get_by_label("Code, pour un logement").input_value()

    reader = visit(javascript=javascript)

    def read(date):
        reader.open("/partage")
        reader.page.get_by_label("Code de partage").fill(code.lower())
        reader.page.get_by_label("Date de naissance de la personne").fill(date)
        reader.page.get_by_role("button", name="Lire").click()

    year, month, day = enrolled["birthdate"].split("-")
    read(f"{day}/{month}/{int(year) + 1}")
    reader.page.get_by_text("Ce code et cette date ne montrent rien").wait_for()
    reader.look("refus")
    read(f"{day}/{month}/{year}")
    reader.arrives("Camille ROUSSEL")
    reader.look("lecture")
    shown = reader.page.inner_text("main")
    assert "inscrit" in shown and "0AYIOP071Y8" not in shown
    assert code not in reader.page.url and code not in reader.page.content()

    student.open("/mon-espace/consultations")
    student.look("consultations")
    rows = student.page.inner_text("main")
    assert "Quelqu'un qui a un de vos codes" in rows and "un logement" in rows and "Vous" in rows
    student.open("/mon-espace/partages")
    student.look("partages")
    student.page.get_by_role("button", name="Arrêter").first.click()
    student.page.get_by_text("Aucun partage n'est en cours").wait_for()
    assert "Aucun partage n'est en cours" in student.page.inner_text("main")
    read(f"{day}/{month}/{year}")
    reader.page.get_by_text("Ce code et cette date ne montrent rien").wait_for()

    student.page.get_by_role("button", name="Se déconnecter").click()
    student.page.wait_for_url(student.portal_url)
    student.open("/mon-espace")
    assert student.page.url.endswith("/mon-espace/connexion")
    student.look("connexion")


def test_a_student_shares_their_status_and_ends_it(visit, enrolled):
    share(visit, enrolled, javascript=True)


def test_a_student_shares_their_status_without_javascript(visit, enrolled):
    share(visit, enrolled, javascript=False)


def attest(student):
    """A student makes an attestation; its QR as a picture, and its text."""
    student.open("/mon-espace/attestations")
    student.page.get_by_label("Elle dit que vous êtes étudiant à").wait_for()
    student.page.get_by_role("button", name="Créer l'attestation").click()
    student.arrives("Votre attestation")
    picture = student.page.get_by_role("img", name="QR de l'attestation").screenshot()
    student.page.get_by_text("Le même en texte").click()
    return picture, student.page.get_by_label("À coller là où un QR ne peut pas être lu").input_value()


def revoke(student):
    """The student revokes the attestation that they made last; those of other tests stay."""
    live = student.page.get_by_role("button", name="Révoquer")
    before = live.count()
    live.first.click()
    expect(live).to_have_count(before - 1)


def test_a_student_makes_an_attestation_that_is_verified_without_a_network(visit, enrolled, network):
    student = visit(student=enrolled["login_hint"])
    picture, text = attest(student)
    student.look("attestation")
    assert "0AYIOP071Y8" not in student.page.content()

    verifier = visit(over=network)
    page = verifier.page

    def reads(heading):
        page.get_by_role("status").get_by_role("heading", name=heading, exact=True).wait_for()

    def shows(sent):
        page.get_by_label("Image du QR").set_input_files({"name": "qr.png", "mimeType": "image/png", "buffer": sent})

    def pastes(sent):
        page.get_by_label("Ou son texte").fill(sent)
        page.get_by_role("button", name="Vérifier", exact=True).click()

    verifier.open("/attestation/verifier")
    page.get_by_text("Liste des révocations du").wait_for()
    page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    # What the worker keeps is kept once it is active; from here on there is no network.
    network.cut()
    page.reload()
    page.get_by_text("Liste des révocations du").wait_for()
    shows(picture)
    reads("Valable")
    said = page.get_by_role("status").inner_text()
    assert "Camille ROUSSEL" in said and "inscrit" in said and "pièce d'identité" in said, said
    verifier.look("valable")
    letter = "0" if text[40] != "0" else "1"
    pastes(text[:40] + letter + text[41:])
    reads("Altérée")
    verifier.look("alteree")
    pastes("bonjour")
    reads("Altérée")
    shows(b"no picture")
    reads("Image illisible")
    blank = page.screenshot(clip={"x": 0, "y": 0, "width": 60, "height": 60})
    shows(blank)
    reads("Aucun QR lu")

    # Days later, without a network; and when it is over.
    now = datetime.datetime.now()
    for days, heading in ((2, "État trop ancien"), (100, "Expirée")):
        page.clock.set_fixed_time(now + datetime.timedelta(days=days))
        pastes(text)
        reads(heading)
    verifier.look("expiree")
    page.clock.set_fixed_time(now)

    student.open("/mon-espace/attestations")
    student.look("attestations")
    revoke(student)
    # Whoever hasn't the new list doesn't know it yet.
    pastes(text)
    reads("Valable")
    network.mend()
    # A process of the portal gives the list that it has signed for a minute.
    for _ in range(180):
        page.get_by_role("button", name="Mettre à jour").click()
        page.wait_for_timeout(500)
        pastes(text)
        page.get_by_role("status").get_by_role("heading").wait_for()
        if "Révoquée" in page.get_by_role("status").inner_text():
            break
    reads("Révoquée")
    verifier.look("revoquee")


def test_a_student_makes_an_attestation_without_javascript(visit, enrolled):
    student = visit(student=enrolled["login_hint"], javascript=False)
    student.open("/mon-espace/attestations")
    student.page.get_by_role("button", name="Créer l'attestation").click()
    student.arrives("Votre attestation")
    assert "ETU1:" in student.page.content()
    student.page.get_by_role("link", name="Revenir à mes attestations").click()
    revoke(student)
    student.open("/attestation/verifier")
    # Selectors of texts don't look into what is for browsers without scripts.
    explained = student.page.locator("noscript")
    assert explained.is_visible() and "ce qui demande JavaScript" in explained.inner_text()


def test_an_attestation_of_another_key_is_of_an_unknown_key(visit, enrolled, portal_url):
    _, text = attest(visit(student=enrolled["login_hint"]))
    verifier = visit()
    other = '{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"cn-I_WNMClc"}]}'
    verifier.context.route(portal_url + "/attestation/cles", lambda route: route.fulfill(body=other))
    verifier.open("/attestation/verifier")
    verifier.page.get_by_text("La liste des révocations n'a pas pu être lue").wait_for()
    verifier.page.get_by_label("Ou son texte").fill(text)
    verifier.page.get_by_role("button", name="Vérifier", exact=True).click()
    verifier.page.get_by_role("status").get_by_role("heading", name="Clé inconnue").wait_for()
    verifier.look("cle-inconnue")


def correct(visit, accounts, enrolled, javascript):
    """A student takes a copy and asks for a correction; the establishment agrees; the student reads so and takes it back."""
    student = visit(student=enrolled["login_hint"], javascript=javascript)
    student.page.get_by_role("link", name="Mes droits").click()
    student.arrives("Mes droits")
    student.look("droits")
    with student.page.expect_download() as downloading:
        student.page.get_by_role("link", name="Une copie de tout ce qui est gardé de vous").click()
    assert "0AYIOP071Y8" in pathlib.Path(downloading.value.path()).read_text(encoding="utf-8")
    student.open("/mon-espace/destinataires")
    student.look("destinataires")
    student.page.get_by_role("link", name="Imprimer").first.click()
    student.arrives("Demande à un destinataire de mes données")
    student.look("lettre")

    student.open("/mon-espace/droits")
    student.page.get_by_label("Ce que vous demandez").select_option(label="rectification")
    student.page.get_by_label("Établissement concerné").select_option(UNIVERSITY)
    words = f"Mon second prénom est mal écrit ({uuid.uuid4().hex})."
    student.page.get_by_label("Votre demande").fill(words)
    student.page.get_by_role("button", name="Envoyer la demande").click()
    student.arrives("Ma demande : rectification")
    student.look("demande")
    request = student.page.url.rpartition("/")[2]

    manager = visit(accounts["gestionnaire"], javascript=javascript)
    manager.open(f"/etablissements/{UNIVERSITY}/demandes")
    manager.look("demandes-etablissement")
    manager.page.locator(f"a[href$='/demandes/{request}']").click()
    manager.arrives("Demande : rectification")
    manager.look("demande-etablissement")
    assert words in manager.page.inner_text("main")
    manager.page.get_by_role("button", name="Accepter de corriger").click()
    manager.page.get_by_text("acceptée, à corriger").first.wait_for()

    operator = visit(accounts["operateur"], javascript=javascript)
    operator.open("/national/demandes")
    operator.look("demandes")
    operator.page.locator(f"a[href$='/demandes/{request}']").click()
    operator.arrives("Demande : rectification")
    operator.look("demande-nationale")

    student.page.reload()
    assert "acceptée, à corriger" in student.page.inner_text("main")
    student.page.get_by_role("button", name="Retirer ma demande").click()
    student.page.get_by_text("retirée").first.wait_for()
    student.look("demande-retiree")


def test_a_student_asks_for_a_correction_and_the_establishment_answers(visit, accounts, enrolled):
    correct(visit, accounts, enrolled, javascript=True)


def test_a_student_asks_for_a_correction_without_javascript(visit, accounts, enrolled):
    correct(visit, accounts, enrolled, javascript=False)


def test_whoever_resembles_a_student_or_is_none_is_told_so_in_words(visit, enrolled):
    shown = []
    for person in ("twin", "unknown"):
        visitor = visit(student=person)
        visitor.arrives("Votre dossier n'a pas été trouvé")
        shown.append(visitor.page.inner_text("main"))
        assert "0AYIOP071Y8" not in visitor.page.content()
    visitor.look("inconnu")
    assert shown[0] == shown[1]


def test_another_establishment_a_forged_form_and_an_old_page_open_nothing(visit, accounts, portal_url):
    visitor = visit(accounts["deposant"])
    for path in ("/etablissements/0750655E", "/etablissements/0750655E/envoi", "/depots/" + 32 * "0", "/revues", "/revues/suivante"):
        assert visitor.open(path).status == 404, path
    answer = visitor.context.request.post(f"{portal_url}/etablissements/{UNIVERSITY}/envoi", form={"contenu": "delta"})
    assert answer.status == 403
    visitor.open("/etablissements")
    visitor.page.get_by_role("button", name="Se déconnecter").click()
    visitor.page.wait_for_url(portal_url)
    visitor.page.go_back()
    assert UNIVERSITY not in visitor.page.inner_text("body"), "what a person saw isn't left in the browser"
