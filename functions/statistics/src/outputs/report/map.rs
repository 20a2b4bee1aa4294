//! The map: the départements of each académie in one shade, the darker the more students.

use std::collections::BTreeMap;

use shared::domain::territory;

use super::chart;
use super::figures::grouped;
use crate::dimensions::ALL;
use crate::snapshot::Snapshot;

/// The outlines of départements; see `reference/README.md`.
const GEOMETRY: &str = include_str!("../../../reference/departements.txt");
/// Shades, each of as many académies as the others.
const SHADES: usize = 5;
/// Where the overseas départements are drawn: below the metropolis, one beside the other.
const OVERSEAS: [(&str, &str); 5] = [
    ("971", "translate(20 1030) scale(1.6)"),
    ("972", "translate(180 1030) scale(1.6)"),
    ("973", "translate(320 1030) scale(1.6)"),
    ("974", "translate(460 1030) scale(1.6)"),
    ("976", "translate(620 1030) scale(1.6)"),
];

/// The map.
#[derive(Debug)]
pub(super) struct Map {
    pub(super) academies: Vec<Academy>,
    pub(super) shades: Vec<Shade>,
    /// Some académies' students aren't told.
    pub(super) has_secrets: bool,
}

/// An académie on the map.
#[derive(Debug)]
pub(super) struct Academy {
    /// `Lyon : 171 204 étudiants`.
    pub(super) title: String,
    /// 0 is that of what isn't told.
    pub(super) shade: usize,
    pub(super) outlines: Vec<Outline>,
}

/// A département on the map.
#[derive(Debug)]
pub(super) struct Outline {
    pub(super) path: &'static str,
    pub(super) transform: Option<&'static str>,
}

/// What a shade stands for.
#[derive(Debug)]
pub(super) struct Shade {
    pub(super) number: usize,
    pub(super) least: String,
    pub(super) most: String,
}

impl Map {
    /// That of a snapshot; `None` where no académie's students are told.
    pub(super) fn of(snapshot: &Snapshot) -> Option<Self> {
        let fixed = [("type", ALL), ("cursus", ALL)];
        let (_, values) = chart::values(snapshot, "territoire_academie", "academie", &fixed)?;
        let told: BTreeMap<&str, Option<i64>> =
            values.iter().map(|value| (value.code.as_str(), value.students)).collect();
        let mut counts: Vec<i64> = told.values().flatten().copied().collect();
        if counts.is_empty() {
            return None;
        }
        counts.sort_unstable();
        let shade = |count: i64| {
            let fewer = counts.partition_point(|one| *one < count);
            (fewer * SHADES).checked_div(counts.len()).unwrap_or_default() + 1
        };
        let shades = (1..=SHADES)
            .filter_map(|number| {
                let mut own = counts.iter().filter(|count| shade(**count) == number);
                let least = own.next()?;
                let most = own.next_back().unwrap_or(least);
                Some(Shade { number, least: grouped(*least), most: grouped(*most) })
            })
            .collect();
        let mut academies: BTreeMap<&str, Vec<Outline>> = BTreeMap::new();
        for (code, path) in GEOMETRY.lines().filter_map(|line| line.split_once(';')) {
            let Some(department) = territory::departments().find(|one| one.code == code) else {
                continue;
            };
            let transform =
                OVERSEAS.iter().find(|(own, _)| *own == code).map(|(_, transform)| *transform);
            academies.entry(department.academy).or_default().push(Outline { path, transform });
        }
        let academies = academies.into_iter().map(|(code, outlines)| {
            let name = territory::name_of(code).unwrap_or(code);
            // An académie that has no row has nobody.
            let students = told.get(code).copied().unwrap_or(Some(0));
            let title = match students {
                Some(count) => format!("{name} : {} étudiants", grouped(count)),
                None => format!("{name} : secret"),
            };
            Academy { title, shade: students.map_or(0, shade), outlines }
        });
        Some(Self {
            academies: academies.collect(),
            shades,
            has_secrets: told.values().any(Option::is_none),
        })
    }
}
