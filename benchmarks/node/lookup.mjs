// A look-up by INE in Node: event, HMAC, one GetItem, answer.
//
// As `lookup.mjs` it is the bare look-up: it checks no client, takes no quota, writes no trace and no metrics. As
// `lookup.mjs whole` it does those too, as the function that it is compared with: the client's key, a share of its
// quota drawn ahead, the trace before the answer, one line of metrics. In both its key is in its environment, and its
// runtime loop is a bare keep-alive connection, lighter than the official one.

import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import http from "node:http";

import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";

const { CLIENTS_TABLE, QUOTAS_TABLE, ACCESS_LOG_TABLE } = process.env;
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

// The function draws ahead of a caller that keeps it busy: it writes the quota for one request in five here.
const DRAWN_AT_ONCE = 5;
// A request's share of a quota of 50 a second, in microseconds.
const COST = 1_000_000 / 50;
const CLIENT_REMEMBERED_MILLISECONDS = 60_000;
const DAY_SECONDS = 24 * 60 * 60;
const clients = new Map();
const drawn = new Map();

async function item(table, key) {
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key: key }));
  return Item;
}

/** The client whose key this is, read once a minute. */
async function clientOf(event) {
  const digestOfKey = createHash("sha256").update(event.headers["X-API-Key"]).digest("hex");
  const remembered = clients.get(digestOfKey);
  const now = performance.now();
  if (remembered !== undefined && remembered.until > now) {
    return remembered.clientId;
  }
  const key = await item(CLIENTS_TABLE, { id: { S: `KEY#${digestOfKey.slice(0, 32)}` } });
  const clientId = key.client_id.S;
  const client = await item(CLIENTS_TABLE, { id: { S: `CLIENT#${clientId}` } });
  if (key.state.S !== "active" || client.client_id.S !== clientId) {
    throw new Error("the key opens nothing");
  }
  clients.set(digestOfKey, { clientId, until: now + CLIENT_REMEMBERED_MILLISECONDS });
  return clientId;
}

/** One request of the client's quota, drawn several at a time. */
async function charge(clientId) {
  let left = drawn.get(clientId) ?? 0;
  if (left === 0) {
    const now = Date.now() * 1000;
    await dynamodb.send(
      new UpdateItemCommand({
        TableName: QUOTAS_TABLE,
        Key: { subject: { S: `C#${clientId}` } },
        UpdateExpression: "SET #bucket = :then, expires_at = :expires",
        ConditionExpression: "attribute_not_exists(#bucket) OR #bucket <= :now",
        ExpressionAttributeNames: { "#bucket": "spent_until" },
        ExpressionAttributeValues: {
          ":now": { N: String(now) },
          ":then": { N: String(now + COST * DRAWN_AT_ONCE) },
          ":expires": { N: String(Math.floor(now / 1_000_000) + DAY_SECONDS) },
        },
        ReturnValues: "ALL_NEW",
      }),
    );
    left = DRAWN_AT_ONCE;
  }
  drawn.set(clientId, left - 1);
}

/** Who was told what about whom, written before the answer. */
async function trace(clientId, caller, student, enrolments) {
  const now = new Date().toISOString();
  const at = `${now}#${randomUUID()}#${randomBytes(4).toString("hex")}`;
  const fields = ["identite", "inscriptions", "regime", "etablissement"];
  await dynamodb.send(
    new PutItemCommand({
      TableName: ACCESS_LOG_TABLE,
      Item: {
        subject: { S: `S#${student}` },
        at: { S: at },
        by: { S: `${clientId}#${now.slice(0, 10)}#${at.at(-1)}` },
        client: { S: clientId },
        route: { S: "etudiant" },
        action: { S: "consulted" },
        caller: { S: caller },
        found: { BOOL: true },
        enrolments: { N: String(enrolments) },
        fields: { L: fields.map((field) => ({ S: field })) },
        expires_at: { N: String(Math.floor(Date.now() / 1000) + 365 * DAY_SECONDS) },
      },
      ConditionExpression: "attribute_not_exists(subject)",
    }),
  );
}

/** One line in CloudWatch's embedded metric format. */
function metrics(clientId, started) {
  const Metrics = [{ Name: "duration", Unit: "Milliseconds" }];
  const line = {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [{ Namespace: "status", Dimensions: [["route"]], Metrics }],
    },
    route: "etudiant",
    client: clientId,
    outcome: "found",
    duration: performance.now() - started,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function handleWhole(event) {
  const started = performance.now();
  const clientId = await clientOf(event);
  await charge(clientId);
  const [answer, found] = await answered(event);
  if (found) {
    const { student, answer: told } = found;
    await trace(clientId, event.headers["X-Caller"], student.S, told.M.inscriptions.L.length);
  }
  metrics(clientId, started);
  return answer;
}

async function handleBare(event) {
  return (await answered(event))[0];
}

async function answered(event) {
  const ine = event.queryStringParameters.INE;
  const found = await item(STUDENTS_TABLE, { pk: { S: digest(ine) }, sk: { S: "ANSWER" } });
  if (!found) {
    return [{ statusCode: 404, body: "{}" }, undefined];
  }
  const answer = {
    statusCode: 200,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
    body: JSON.stringify(told(ine, found.answer.M)),
  };
  return [answer, found];
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

const handle = process.argv[2] === "whole" ? handleWhole : handleBare;

for (;;) {
  const invocation = await call("GET", "next");
  const answer = await handle(JSON.parse(invocation.body));
  await call("POST", `${invocation.headers["lambda-runtime-aws-request-id"]}/response`, JSON.stringify(answer));
}
