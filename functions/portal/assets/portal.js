// What the pages gain where scripts run: how far an upload has come, and how far an import has. Without it the form
// is sent as it is, and pages are read again by their link.

const upload = document.querySelector("form[data-envoi]");
if (upload) {
  upload.addEventListener("submit", (event) => {
    const file = upload.elements.file.files[0];
    if (!file) return;
    event.preventDefault();
    const said = upload.querySelector("[role=status]");
    const bar = upload.querySelector("progress");
    const button = upload.querySelector("button");
    // The same form signed without where the browser goes next, which a script is not sent to.
    const fields = new FormData();
    for (const [name, value] of JSON.parse(upload.dataset.envoi)) fields.append(name, value);
    fields.append("file", file);
    const request = new XMLHttpRequest();
    const failed = () => {
      button.disabled = false;
      bar.hidden = true;
      said.textContent = "L'envoi a échoué, rien n'a été reçu. Rouvrez cette page, puis recommencez.";
    };
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      if (!total) return;
      const percent = Math.floor((100 * loaded) / total);
      bar.value = percent;
      // A reader is told each tenth, not each packet.
      const tenth = `Envoi en cours : ${10 * Math.floor(percent / 10)} %`;
      if (said.textContent !== tenth) said.textContent = tenth;
    });
    request.addEventListener("load", () => {
      if (request.status < 200 || request.status > 299) return failed();
      said.textContent = "Fichier reçu.";
      location.assign(upload.dataset.suite);
    });
    request.addEventListener("error", failed);
    request.open("POST", upload.action);
    button.disabled = true;
    bar.hidden = false;
    request.send(fields);
  });
}

const live = document.querySelector("[data-suivi]");
if (live) {
  const bar = live.querySelector("progress");
  const said = live.querySelector("[role=status]");
  let wait = 1500;
  const look = async () => {
    let told;
    try {
      const answer = await fetch(live.dataset.suivi, { headers: { accept: "application/json" } });
      told = answer.ok ? await answer.json() : null;
    } catch {
      told = null;
    }
    if (told) {
      if (told.etape !== live.dataset.etape) return location.reload();
      if (bar) bar.value = told.progression;
      if (said.textContent !== told.phrase) said.textContent = told.phrase;
      for (const [name, value] of Object.entries(told.nombres)) {
        const shown = live.querySelector(`[data-nombre="${name}"]`);
        if (shown) shown.textContent = value;
      }
      if (told.fini) return;
    }
    wait = Math.min(wait * 1.2, 10000);
    setTimeout(look, wait);
  };
  setTimeout(look, wait);
}
