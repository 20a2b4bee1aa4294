// The bare look-up by INE in Node: event, HMAC, one GetItem, answer.
//
// It checks no client, takes no quota, writes no trace, no metrics and no log, and has its key in its environment: it
// does less than the function it is compared with. Its runtime loop is a bare keep-alive connection, lighter than the
// official one.

import { createHmac } from "node:crypto";
import http from "node:http";

import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";

const { STUDENTS_TABLE, INE_KEY_ID, INE_KEY, AWS_LAMBDA_RUNTIME_API } = process.env;
const STARTS_WITHIN = Number(process.env.STARTS_WITHIN_DAYS) * 24 * 60 * 60 * 1000;

const REGIMES = {
  RF1: "formation initiale",
  RF2: "formation initiale hors apprentissage",
  RF3: "reprise d'études non financée sans convention",
  RF4: "contrat d'apprentissage",
  RF5: "formation continue",
  RF6: "formation continue hors contrat professionnel",
  RF7: "contrat de professionnalisation",
};

const dynamodb = new DynamoDBClient({});

/** The table's key for an INE, as `shared/src/identity/digest.rs` makes it. */
function digest(ine) {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(Buffer.byteLength(ine)));
  const mac = createHmac("sha256", INE_KEY).update(length).update(ine).digest("hex");
  return `I#${INE_KEY_ID}.${mac.slice(0, 32)}`;
}

function enrolment(stored) {
  return {
    dateDebutInscription: stored.dateDebut.S,
    dateFinInscription: stored.dateFin.S,
    statut: stored.statut.S,
    regime: REGIMES[stored.regime.S],
    codeCommune: stored.codeCommune.S,
    etablissement: { uai: stored.uai.S, nomEtablissement: stored.nomEtablissement.S },
  };
}

function told(ine, answer) {
  // UTC's day rather than that of Paris: cheaper, and the same but for an hour or two a day.
  const now = Date.now();
  const today = new Date(now).toISOString().slice(0, 10);
  const horizon = new Date(now + STARTS_WITHIN).toISOString().slice(0, 10);
  return {
    ine,
    nomFamille: answer.nomFamille.S,
    prenom: answer.prenom.S,
    dateNaissance: answer.dateNaissance.S,
    inscriptions: answer.inscriptions.L.map((item) => item.M)
      .filter((item) => item.statut.S !== "annulé" && item.dateFin.S >= today && item.dateDebut.S <= horizon)
      .map(enrolment),
  };
}

async function handle(event) {
  const ine = event.queryStringParameters.INE;
  const key = { pk: { S: digest(ine) }, sk: { S: "ANSWER" } };
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: STUDENTS_TABLE, Key: key }));
  if (!Item) {
    return { statusCode: 404, body: "{}" };
  }
  return {
    statusCode: 200,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
    body: JSON.stringify(told(ine, Item.answer.M)),
  };
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const url = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/${path}`;
    const headers = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const request = http.request(url, { agent, method, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

for (;;) {
  const invocation = await call("GET", "next");
  const answer = await handle(JSON.parse(invocation.body));
  await call("POST", `${invocation.headers["lambda-runtime-aws-request-id"]}/response`, JSON.stringify(answer));
}
