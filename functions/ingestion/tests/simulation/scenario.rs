//! Files that establishments drop, and what must be stored once all of them are imported.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use shared::domain::academic_year::AcademicYear;
use shared::domain::commune::CommuneCode;
use shared::domain::establishment::Establishment;
use shared::domain::uai::Uai;
use shared::identity::digest::{DigestKey, Named, RecordId, Subject};
use shared::identity::student::RecordVersion;
use shared::registry::imports::ImportId;

use crate::world::{Sim, object};

pub(crate) const INBOX: &str = "inbox";
const HEADER: &str = "numeroEtudiant;uai;nomFamille;prenom1;sexe;dateNaissance;dateDebutInscription;dateFinInscription;statut";
/// What a row may say: a given name, which makes a person, and the enrolment's status.
pub(crate) const SAID: [(&str, &str); 4] =
    [("Léa", "inscrit"), ("Zoé", "inscrit"), ("Ève", "inscrit"), ("Léa", "admis")];

pub(crate) fn key() -> DigestKey {
    DigestKey::new("1".into(), "a secret of records".to_owned().into())
}

pub(crate) fn uais() -> [Uai; 2] {
    ["0751967F", "0751722P"].map(|uai| Uai::parse(uai).unwrap())
}

pub(crate) fn year() -> AcademicYear {
    AcademicYear::parse("2026-2027").unwrap()
}

/// Two establishments, of which the first sends for both.
pub(crate) fn establishments() -> Vec<Establishment> {
    let [first, second] = uais();
    [(first, vec![first, second]), (second, vec![second])]
        .map(|(uai, sends_for)| Establishment {
            uai,
            name: "UNIVERSITE".into(),
            kind: "universite".into(),
            commune: CommuneCode::parse("75113").unwrap(),
            postal_code: "75013".into(),
            sends_for,
            regime_codes: BTreeMap::new(),
            status_codes: BTreeMap::new(),
        })
        .into()
}

/// Whose enrolment a row is about.
pub(crate) type Whose = (Uai, u64);

pub(crate) fn record_id(whose: Whose) -> RecordId {
    let student = Named::Number(format!("E{}", whose.1).into());
    RecordId::of_subject(&key(), &Subject { uai: whose.0, year: year(), student, diplome: None })
}

#[derive(Debug, Clone)]
pub(crate) enum Line {
    /// Says one of [`SAID`].
    Good { whose: Whose, said: usize },
    /// Wrong, and says whose it is.
    Broken { whose: Whose },
    /// Wrong, and doesn't.
    Garbage,
}

/// A file, as it is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Drop {
    pub(crate) key: String,
    pub(crate) complete: bool,
    pub(crate) dry_run: bool,
    pub(crate) lines: Vec<Line>,
    pub(crate) extracted_at: Timestamp,
    pub(crate) arrives: Duration,
    pub(crate) sequencer: String,
    /// Whether it cancelled nothing because it lacked too much.
    pub(crate) refused: bool,
}

impl Drop {
    /// A file of the random kind.
    pub(crate) fn random(sim: &Sim, number: usize, students: u64, orderly: bool) -> Self {
        let [first, second] = uais();
        let depositor = if sim.chance(0.7) { first } else { second };
        let (complete, dry_run) = (sim.chance(0.4), sim.chance(0.15));
        let whose = |depositor: Uai| {
            (
                if depositor == first && sim.chance(0.3) { second } else { depositor },
                sim.below(students),
            )
        };
        let mut lines: Vec<Line> = Vec::new();
        let mut about = BTreeSet::new();
        for _ in 0..=sim.below(students) {
            let whose = whose(depositor);
            if orderly && !about.insert(whose) {
                continue;
            }
            let said = usize::try_from(sim.below(if sim.chance(0.7) { 1 } else { 4 })).unwrap();
            lines.push(match sim.below(100) {
                0..3 => Line::Broken { whose },
                3..5 => Line::Garbage,
                _ => Line::Good { whose, said },
            });
        }
        let mode = if complete { "complete/2026/confirm/" } else { "" };
        let dry = if dry_run { "dry-run/" } else { "" };
        let ago = i64::try_from(sim.below(30)).unwrap();
        Self {
            key: format!("{depositor}/{mode}{dry}été {number}.csv"),
            complete,
            dry_run,
            lines,
            extracted_at: sim.start.0.checked_sub(ago.hours()).unwrap(),
            arrives: Duration::from_millis(sim.below(120_000)),
            sequencer: format!("{:016X}", sim.below(u64::MAX)),
            refused: false,
        }
    }

    /// A file that mostly says what `before` said, extracted earlier or later than others.
    pub(crate) fn again(sim: &Sim, number: usize, before: &[Line]) -> Self {
        let complete = sim.chance(0.8);
        let (mut lines, mut tail) = (Vec::new(), Vec::new());
        for line in before {
            let Line::Good { whose, said } = *line else { continue };
            let changed = SAID.len() - 1 - said % 2;
            match sim.below(100) {
                0 => {}
                1 => lines.push(Line::Broken { whose }),
                2 => lines.extend([line.clone(), Line::Broken { whose }]),
                3 => lines.push(Line::Good { whose, said: changed }),
                // Of two rows about one enrolment the later counts, however far apart they are.
                4 | 5 => {
                    let later = if sim.chance(0.5) { 0 } else { 3 };
                    lines.push(Line::Good { whose, said: 3 - later });
                    tail.push(Line::Good { whose, said: later });
                }
                _ => lines.push(line.clone()),
            }
        }
        lines.extend(tail);
        // One that lacks much is refused, unless it is confirmed.
        if sim.chance(0.2) {
            lines.retain(|_| sim.chance(0.6));
        }
        let confirmed = if sim.chance(0.3) { "confirm/" } else { "" };
        let mode = if complete { format!("complete/2026/{confirmed}") } else { String::new() };
        let extracted_at =
            sim.now().checked_sub(i64::try_from(sim.below(48)).unwrap().hours()).unwrap();
        Self {
            key: format!("{}/{mode}nuit {number}.csv", uais()[0]),
            complete,
            dry_run: false,
            lines,
            extracted_at,
            arrives: Duration::from_millis(sim.below(60_000)),
            sequencer: format!("{:016X}", sim.below(u64::MAX)),
            refused: false,
        }
    }

    pub(crate) fn delta(key: &str, lines: Vec<Line>, extracted_at: Timestamp) -> Self {
        let (complete, dry_run) = (key.contains("/complete/"), key.contains("/dry-run/"));
        let arrives = Duration::ZERO;
        Self {
            key: key.into(),
            complete,
            dry_run,
            lines,
            extracted_at,
            arrives,
            sequencer: "00".into(),
            refused: false,
        }
    }

    pub(crate) fn import(&self) -> ImportId {
        ImportId::of(INBOX, &self.key, "v1")
    }

    pub(crate) fn version(&self, line: u64) -> RecordVersion {
        RecordVersion::new(self.extracted_at, &self.sequencer, self.import().as_str(), line)
    }

    pub(crate) fn csv(&self) -> String {
        let mut csv = format!("{HEADER}\n");
        for line in &self.lines {
            match line {
                Line::Good { whose: (uai, student), said } => {
                    let (given, status) = SAID[*said];
                    writeln!(
                        csv,
                        "E{student};{uai};Martin;{given};2;2004-03-02;2026-09-01;2027-08-31;{status}"
                    )
                    .unwrap();
                }
                Line::Broken { whose: (uai, student) } => {
                    writeln!(
                        csv,
                        "E{student};{uai};Martin;Léa;2;2004-02-31;2026-09-01;2027-08-31;inscrit"
                    )
                    .unwrap();
                }
                Line::Garbage => csv.push_str("n'importe;quoi\n"),
            }
        }
        csv
    }

    /// Puts it in the inbox, and has S3 say so, now and then more than once.
    pub(crate) fn put(&self, sim: &Sim, times: u64) {
        self.put_bytes(sim, self.csv().into_bytes(), times);
    }

    /// The same with other bytes.
    pub(crate) fn put_bytes(&self, sim: &Sim, bytes: Vec<u8>, times: u64) {
        let size = bytes.len();
        sim.buckets.put(
            INBOX,
            &self.key,
            "v1",
            object(bytes, sim.now(), &self.extracted_at.to_string()),
        );
        let mut event: serde_json::Value =
            serde_json::from_str(include_str!("../../../../events/s3-object-created.json"))
                .unwrap();
        let s3 = &mut event["Records"][0]["s3"];
        s3["bucket"]["name"] = INBOX.into();
        s3["object"] = serde_json::json!({
            "key": percent_encoding::utf8_percent_encode(&self.key, percent_encoding::NON_ALPHANUMERIC).to_string(),
            "size": size,
            "versionId": "v1",
            "sequencer": self.sequencer,
        });
        for _ in 0..times {
            sim.send(event.to_string(), self.arrives + Duration::from_millis(sim.below(5_000)));
        }
    }

    /// The lines as they count: a number that is given to several people is a fault of each of
    /// their lines.
    fn counted(&self) -> Vec<Line> {
        let mut people: BTreeMap<Whose, BTreeSet<&str>> = BTreeMap::new();
        for line in &self.lines {
            if let Line::Good { whose, said } = line {
                people.entry(*whose).or_default().insert(SAID[*said].0);
            }
        }
        let shared = |whose: &Whose| people.get(whose).is_some_and(|people| people.len() > 1);
        let counted = |line: &Line| match line {
            Line::Good { whose, .. } if shared(whose) => Line::Broken { whose: *whose },
            line => line.clone(),
        };
        self.lines.iter().map(counted).collect()
    }

    fn numbered(&self) -> impl Iterator<Item = (u64, Line)> {
        (2..).zip(self.counted())
    }

    /// What it says of someone: the version and the content of its last row about them.
    fn says(&self, whose: Whose) -> Option<(RecordVersion, usize)> {
        let about = |(number, line): (u64, Line)| match line {
            Line::Good { whose: of, said } if of == whose => Some((self.version(number), said)),
            _ => None,
        };
        self.numbered().filter_map(about).last()
    }

    fn broken(&self, whose: Whose) -> bool {
        self.counted().iter().any(|line| matches!(line, Line::Broken { whose: of } if *of == whose))
    }

    fn covers(&self, uai: Uai) -> bool {
        self.complete
            && !self.refused
            && self.lines.iter().any(|line| match line {
                Line::Good { whose, .. } | Line::Broken { whose } => whose.0 == uai,
                Line::Garbage => false,
            })
    }

    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let good = self.counted().iter().filter(|line| matches!(line, Line::Good { .. })).count();
        (self.lines.len() as u64, good as u64, (self.lines.len() - good) as u64)
    }
}

/// What may be stored of someone once every file is imported.
#[derive(Debug)]
pub(crate) enum Expected {
    /// Nobody said anything.
    Nothing,
    /// The latest statement.
    Said(RecordVersion, usize),
    /// Cancelled with one of these versions; or never stored, if the complete file came first.
    Cancelled(Vec<RecordVersion>),
    /// A complete file had a broken row about them: what came before stays, or is cancelled by
    /// another. Nothing that is older than the latest statement is left, if anything is.
    Open(RecordVersion),
}

/// The model: the latest statement, unless a later complete file lacks it.
pub(crate) fn expected(drops: &[Drop], whose: Whose) -> Expected {
    let real = || drops.iter().filter(|drop| !drop.dry_run);
    let Some((version, said)) = real().filter_map(|drop| drop.says(whose)).max() else {
        return Expected::Nothing;
    };
    let later = || real().filter(|drop| drop.covers(whose.0) && drop.version(0) > version);
    if real().any(|drop| drop.complete && drop.broken(whose)) {
        return Expected::Open(version);
    }
    if later().all(|drop| drop.says(whose).is_some()) {
        return Expected::Said(version, said);
    }
    // Whichever complete file comes first where the record is older cancels it: an earlier one than
    // the one that lacks it does as well, once the latter keeps the former's rows out.
    let complete = real().filter(|drop| drop.covers(whose.0));
    Expected::Cancelled(complete.map(|drop| drop.version(0)).collect())
}

/// What an import that nobody else gets in the way of must count.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WriteCounts {
    pub(crate) superseded: u64,
    pub(crate) unchanged: u64,
    pub(crate) cancelled: u64,
}

#[derive(Debug, Clone)]
struct Known {
    version: RecordVersion,
    said: Option<usize>,
    cancelled: bool,
    seen: Option<RecordVersion>,
}

/// The same model one file after the other, with counts.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    known: BTreeMap<Whose, Known>,
    horizons: BTreeMap<Uai, RecordVersion>,
}

impl Sequence {
    pub(crate) fn import(&mut self, drop: &Drop) -> WriteCounts {
        let mut counts = WriteCounts::default();
        let mut after = (self.known.clone(), self.horizons.clone());
        for (number, line) in drop.numbered() {
            match line {
                Line::Good { whose, said } => {
                    let version = drop.version(number);
                    let known = self.known.get(&whose);
                    let horizon = self.horizons.get(&whose.0).filter(|horizon| **horizon > version);
                    let left_out = horizon.is_some_and(|horizon| {
                        known.is_none_or(|known| known.seen.as_ref() < Some(horizon))
                    });
                    if known.is_some_and(|known| known.version > version) || left_out {
                        counts.superseded += 1;
                        continue;
                    }
                    counts.unchanged +=
                        u64::from(known.is_some_and(|known| known.said == Some(said)));
                    let seen = known.and_then(|known| known.seen.clone());
                    after
                        .0
                        .insert(whose, Known { version, said: Some(said), cancelled: false, seen });
                }
                Line::Broken { whose } if drop.complete => {
                    if let Some(known) = after.0.get_mut(&whose) {
                        known.seen = known.seen.clone().max(Some(drop.version(0)));
                    }
                }
                Line::Broken { .. } | Line::Garbage => {}
            }
        }
        if drop.complete {
            let horizon = drop.version(0);
            for uai in uais().into_iter().filter(|uai| drop.covers(*uai)) {
                let highest = after.1.entry(uai).or_insert_with(|| horizon.clone());
                *highest = highest.clone().max(horizon.clone());
                // What a dry run would cancel has to be told from what was there before.
                let mentioned = |whose: &Whose| drop.says(*whose).is_some() || drop.broken(*whose);
                for (whose, known) in after.0.iter_mut().filter(|(whose, _)| whose.0 == uai) {
                    if !known.cancelled
                        && known.version < horizon
                        && known.seen.as_ref() < Some(&horizon)
                    {
                        assert!(!mentioned(whose) || drop.dry_run);
                        counts.cancelled += 1;
                        *known = Known {
                            version: horizon.clone(),
                            said: None,
                            cancelled: true,
                            seen: known.seen.clone(),
                        };
                    }
                }
            }
        }
        if !drop.dry_run {
            (self.known, self.horizons) = after;
        }
        counts
    }
}
