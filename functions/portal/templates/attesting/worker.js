// Keeps the page that verifies attestations, what it loads, our public keys and the last status list, so that the page
// opens without a network. It keeps nothing of any other page.

const FILES = [{% for file in files %}"{{ file }}", {% endfor %}];
const DOCUMENTS = [{% for document in documents %}"{{ document }}", {% endfor %}];
const CACHE = `attestation ${FILES.join(" ")}`;

self.addEventListener("install", (event) => {
  const keep = async () => (await caches.open(CACHE)).addAll([...FILES, ...DOCUMENTS]);
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const clean = async () => {
    const others = (await caches.keys()).filter((name) => name.startsWith("attestation ") && name !== CACHE);
    await Promise.all(others.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

// A file is what it was. A document is asked for first, and what was kept of it is given where no good answer comes.
const answer = async (request, path) => {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(path);
  if (kept && FILES.includes(path)) return kept;
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await cache.put(path, fresh.clone());
    return fresh.ok || !kept ? fresh : kept;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
};

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const isOurs = origin === self.location.origin && event.request.method === "GET";
  if (isOurs && (FILES.includes(pathname) || DOCUMENTS.includes(pathname))) event.respondWith(answer(event.request, pathname));
});
