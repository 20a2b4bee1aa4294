// What an attestation is worth at an instant, as the crate `attestation` says it: text, base45, COSE_Sign1, ES256, claims, and a
// Token Status List. It asks for nothing: keys and list are given.

const PREFIX = "ETU1:";
const LONGEST = 4296;
const DAY = 86400;
const LARGEST_LIST = 1 << 21;
const ES256 = -7;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const TEXTS = ["nomFamille", "prenom", "dateNaissance", "uai", "etablissement", "statut", "dateFinInscription"];

class Flaw extends Error {}

const refuse = (why) => {
  throw new Flaw(why);
};

const base45 = (text) => {
  const digits = [...text].map((letter) => ALPHABET.indexOf(letter));
  if (digits.includes(-1) || digits.length % 3 === 1) refuse("base45");
  const bytes = [];
  for (let at = 0; at < digits.length; at += 3) {
    const [one, two, three] = digits.slice(at, at + 3);
    const number = one + two * 45 + (three ?? 0) * 2025;
    if (number > (three === undefined ? 0xff : 0xffff)) refuse("base45");
    if (three !== undefined) bytes.push(number >> 8);
    bytes.push(number & 0xff);
  }
  return Uint8Array.from(bytes);
};

export const base64url = (text) => {
  if (!/^[\w-]*$/.test(text)) refuse("base64url");
  const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
};

const named = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// --- CBOR: of definite length, each number in its shortest form, no map with a name twice ---

const cbor = (bytes) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const take = (count) => {
    if (count > bytes.length - at) refuse("cbor");
    at += count;
    return bytes.subarray(at - count, at);
  };
  const head = () => {
    const [first] = take(1);
    const [kind, short] = [first >> 5, first & 0x1f];
    if (short < 24) return [kind, short];
    const width = { 24: 1, 25: 2, 26: 4 }[short] ?? refuse("cbor");
    take(width);
    const number = width === 1 ? view.getUint8(at - 1) : width === 2 ? view.getUint16(at - 2) : view.getUint32(at - 4);
    if (number < { 1: 24, 2: 0x100, 4: 0x10000 }[width]) refuse("cbor");
    return [kind, number];
  };
  const value = (depth) => {
    const [kind, number] = head();
    if (depth > 8) refuse("cbor");
    if (kind === 0) return number;
    if (kind === 1) return -1 - number;
    if (kind === 2) return take(number);
    if (kind === 3) return new TextDecoder("utf-8", { fatal: true }).decode(take(number));
    if (kind === 4) return Array.from({ length: Math.min(number, bytes.length) }, () => value(depth + 1));
    if (kind === 6) return { tag: number, value: value(depth + 1) };
    if (kind !== 5) refuse("cbor");
    const map = new Map();
    for (let left = number; left > 0; left -= 1) {
      const name = value(depth + 1);
      if (map.has(name)) refuse("cbor");
      map.set(name, value(depth + 1));
    }
    return map;
  };
  const whole = value(0);
  if (at !== bytes.length) refuse("cbor");
  return whole;
};

const headOf = (kind, length) => {
  if (length < 24) return [(kind << 5) | length];
  if (length < 0x100) return [(kind << 5) | 24, length];
  return [(kind << 5) | 25, length >> 8, length & 0xff];
};

// What COSE_Sign1 signs (RFC 9052, 4.4): ["Signature1", protected, nothing, payload].
const toBeSigned = (guarded, payload) => {
  const context = new TextEncoder().encode("Signature1");
  const parts = [[0x84], headOf(3, context.length), context, headOf(2, guarded.length), guarded, [0x40], headOf(2, payload.length), payload];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
};

// --- keys, claims, list ---

/** The keys of a JWK Set, by their id. */
export const readKeys = async (text) => {
  const keys = new Map();
  for (const { kty, crv, x, y, kid } of JSON.parse(text).keys) {
    if (kty !== "EC" || crv !== "P-256") continue;
    const thumbprint = new TextEncoder().encode(JSON.stringify({ crv, kty, x, y }));
    const id = named(new Uint8Array(await crypto.subtle.digest("SHA-256", thumbprint)).subarray(0, 8));
    if (id !== kid) refuse("kid");
    keys.set(id, await crypto.subtle.importKey("jwk", { kty, crv, x, y }, ALGORITHM, false, ["verify"]));
  }
  return keys;
};

const isText = (value) => typeof value === "string" && new TextEncoder().encode(value).length <= 400;
const isInstant = (value) => Number.isSafeInteger(value) && value >= 0;
const isDate = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));

const claimsOf = (payload) => {
  const map = cbor(payload);
  if (!(map instanceof Map)) refuse("claims");
  const list = map.get(65535)?.get?.("status_list");
  const claims = { expires: map.get(4), issued: map.get(6), index: list?.get?.("idx"), list: list?.get?.("uri") };
  for (const name of TEXTS) claims[name] = map.get(name);
  const whole = TEXTS.every((name) => isText(claims[name])) && isDate(claims.dateNaissance) && isDate(claims.dateFinInscription);
  if (!whole || !isInstant(claims.expires) || !isInstant(claims.issued) || !isInstant(claims.index) || !isText(claims.list)) refuse("claims");
  return claims;
};

const unpack = async (bytes) => {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const reader = stream.getReader();
  const parts = [];
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.length;
    if (length > LARGEST_LIST) refuse("list");
    parts.push(read.value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
};

/** A status list, once a key of these has signed it. */
export const readList = async (text, keys) => {
  const [header, payload, signature, ...more] = text.trim().split(".");
  if (!signature || more.length) refuse("jwt");
  const json = (part) => JSON.parse(new TextDecoder().decode(base64url(part)));
  const { typ, alg, kid } = json(header);
  const key = keys.get(kid);
  if (typ !== "statuslist+jwt" || alg !== "ES256" || !key) refuse("jwt");
  const message = new TextEncoder().encode(`${header}.${payload}`);
  if (!(await crypto.subtle.verify(SIGNATURE, key, base64url(signature), message))) refuse("signature");
  const { sub, iat, status_list: packed } = json(payload);
  if (packed.bits !== 1 || !isInstant(iat)) refuse("list");
  return { name: sub, asOf: iat, bits: await unpack(base64url(packed.lst)) };
};

const open = async (text, keys) => {
  if (!text.startsWith(PREFIX) || text.length > LONGEST + PREFIX.length) refuse("prefix");
  const { tag, value } = cbor(base45(text.slice(PREFIX.length)));
  if (tag !== 18 || !Array.isArray(value) || value.length !== 4) refuse("envelope");
  const [guarded, bare, payload, signature] = value;
  const areBytes = [guarded, payload, signature].every((part) => part instanceof Uint8Array);
  if (!areBytes || !(bare instanceof Map) || bare.size) refuse("envelope");
  const header = cbor(guarded);
  if (!(header instanceof Map) || header.get(1) !== ES256 || !(header.get(4) instanceof Uint8Array)) refuse("header");
  const key = keys.get(named(header.get(4)));
  if (!key) return null;
  if (!(await crypto.subtle.verify(SIGNATURE, key, signature, toBeSigned(guarded, payload)))) refuse("signature");
  return claimsOf(payload);
};

/**
 * The state of an attestation, `now` in seconds: `valid`, `expired`, `revoked`, `tooOld`, `unknownKey` or `altered`, with its
 * claims where it has any that are signed, and as of when its list is true.
 */
export const verify = async (text, keys, list, now) => {
  let claims;
  try {
    claims = await open(text.trim(), keys);
  } catch (error) {
    // What is no CBOR, no UTF-8 or no JSON is as altered as a wrong signature.
    return { state: "altered", why: error instanceof Flaw ? error.message : "form" };
  }
  if (!claims) return { state: "unknownKey" };
  if (now >= claims.expires) return { state: "expired", claims };
  const known = list?.name === claims.list ? list : null;
  const byte = known?.bits[Math.floor(claims.index / 8)];
  if (byte === undefined) return { state: "tooOld", claims };
  if ((byte >> claims.index % 8) & 1) return { state: "revoked", claims, asOf: known.asOf };
  return { state: now - known.asOf < DAY ? "valid" : "tooOld", claims, asOf: known.asOf };
};
