// Verifies an attestation in the browser: a picture, the camera or the text of a QR. Nothing of it leaves the page.

import { readKeys, readList, verify } from "./attestation.js";
import decodeQR from "./qr/decode.js";

const at = document.querySelector("[data-verificateur]");
const find = (name) => at.querySelector(`[data-${name}]`);
const [verdict, known, view, camera] = ["verdict", "savoir", "vue", "camera"].map(find);
const [picture, text] = [at.querySelector("#image"), at.querySelector("#texte")];
const now = () => Math.floor(Date.now() / 1000);

const STATES = {
  valid: ["good", "Valable", "Le registre l'a signée, et elle n'était pas révoquée à la date de la liste."],
  expired: ["bad", "Expirée", "Sa date de fin est passée : elle ne prouve plus rien."],
  revoked: ["bad", "Révoquée", "L'étudiant l'a retirée : elle ne prouve plus rien."],
  tooOld: ["warn", "État trop ancien", "Le registre l'a signée, mais elle a pu être révoquée depuis. Ouvrez cette page avec du réseau, ou demandez un code de partage."],
  unknownKey: ["bad", "Clé inconnue", "Aucune clé du registre connue ici ne l'a signée : c'est un faux, ou cette page est restée trop longtemps sans réseau."],
  altered: ["bad", "Altérée", "Ce n'est pas une attestation du registre, ou elle a été changée."],
};

// --- what is known ---

let keys = new Map();
let list = null;

const hour = (seconds) => new Date(seconds * 1000).toLocaleString("fr-FR", { dateStyle: "short", timeStyle: "short" });
const day = (text) => text.split("-").reverse().join("/");

const fetched = async (url, cache) => {
  const answer = await fetch(url, { cache });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.text();
};

/** Reads keys and list; what can't be read stays as it was. */
const read = async (cache) => {
  try {
    keys = await readKeys(await fetched(at.dataset.cles, cache));
    list = await readList(await fetched(at.dataset.etats, cache), keys);
  } catch {
    // Said below, by what is known.
  }
  const age = list ? now() - list.asOf : Infinity;
  known.textContent = !keys.size
    ? "Les clés du registre n'ont pas pu être lues : ouvrez cette page une fois avec du réseau."
    : !list
      ? "La liste des révocations n'a pas pu être lue : ouvrez cette page avec du réseau."
      : age < 86400
        ? `Liste des révocations du ${hour(list.asOf)}.`
        : `Liste des révocations du ${hour(list.asOf)} : elle a plus d'un jour. Mettez-la à jour avec du réseau.`;
};

// --- what is shown ---

const element = (name, content, className) => {
  const made = document.createElement(name);
  if (content) made.textContent = content;
  if (className) made.className = className;
  return made;
};

const show = (kind, title, said, facts = []) => {
  const note = element("div", "", `note ${kind}`);
  note.append(element("h2", title), element("p", said));
  const told = element("dl", "", "told");
  for (const [name, value] of facts) told.append(element("dt", name), element("dd", value));
  if (facts.length) note.append(told);
  verdict.replaceChildren(note);
  note.tabIndex = -1;
  note.focus();
};

const judge = async (sent) => {
  const { state, claims, asOf } = await verify(sent, keys, list, now());
  const [kind, title, said] = STATES[state];
  const facts = claims
    ? [
        ["Nom", `${claims.prenom} ${claims.nomFamille}`],
        ["Date de naissance", day(claims.dateNaissance)],
        ["Établissement", `${claims.etablissement} (${claims.uai})`],
        ["Statut", `${claims.statut}, jusqu'au ${day(claims.dateFinInscription)}`],
        ["Attestation", `n° ${claims.index.toLocaleString("fr-FR")}, créée le ${hour(claims.issued)}, valable jusqu'au ${hour(claims.expires)}`],
        ["Liste des révocations", asOf ? `du ${hour(asOf)}` : "aucune"],
      ]
    : [];
  const compare = state === "valid" ? " Comparez le nom et la date de naissance avec une pièce d'identité : un QR se copie." : "";
  show(kind, title, said + compare, facts);
};

// --- where a QR comes from ---

const canvas = document.createElement("canvas");
const pixels = canvas.getContext("2d", { willReadFrequently: true });

/** The text of the QR in a picture that large, no side of it above so many pixels. */
const decoded = (source, width, height, most) => {
  const scale = Math.min(1, most / Math.max(width, height));
  [canvas.width, canvas.height] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  pixels.fillStyle = "#fff";
  pixels.fillRect(0, 0, canvas.width, canvas.height);
  pixels.drawImage(source, 0, 0, canvas.width, canvas.height);
  try {
    return decodeQR(pixels.getImageData(0, 0, canvas.width, canvas.height));
  } catch {
    return null;
  }
};

const readPicture = async () => {
  const [file] = picture.files;
  if (!file) return;
  try {
    const bitmap = await createImageBitmap(file);
    // A large picture shows the grain of paper and screen, which a smaller one has lost.
    for (const most of [2000, 1200, 700]) {
      const found = decoded(bitmap, bitmap.width, bitmap.height, most);
      if (found) return judge(found);
    }
    show("warn", "Aucun QR lu", "Aucun QR n'est lisible dans cette image : prenez-la de plus près, à plat et nette.");
  } catch {
    show("warn", "Image illisible", "Ce fichier n'est pas une image que ce navigateur sait lire.");
  } finally {
    picture.value = "";
  }
};

let stream = null;

const stopCamera = () => {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  view.srcObject = null;
  view.hidden = true;
  camera.textContent = "Utiliser la caméra";
};

const watch = async () => {
  if (!stream) return;
  const found = view.videoWidth ? decoded(view, view.videoWidth, view.videoHeight, 1000) : null;
  if (!found) return void setTimeout(watch, 200);
  stopCamera();
  await judge(found);
};

const startCamera = async () => {
  if (stream) return stopCamera();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    view.srcObject = stream;
    view.hidden = false;
    camera.textContent = "Arrêter la caméra";
    await view.play();
    await watch();
  } catch {
    stopCamera();
    show("warn", "Pas de caméra", "La caméra n'est pas là, ou son usage a été refusé : choisissez une image.");
  }
};

picture.addEventListener("change", readPicture);
camera.addEventListener("click", startCamera);
camera.hidden = !navigator.mediaDevices;
find("verifier").addEventListener("click", () => judge(text.value));
find("relire").addEventListener("click", () => read("reload"));

// --- without a network ---

if ("serviceWorker" in navigator) {
  const only = at.dataset.ouvrier;
  const ours = { createScriptURL: (url) => (url === only ? url : "") };
  const url = globalThis.trustedTypes ? trustedTypes.createPolicy("ouvrier", ours).createScriptURL(only) : only;
  // Without a worker the page verifies as long as it stays open.
  navigator.serviceWorker.register(url).catch(() => {});
}

await read("default");
at.hidden = false;
