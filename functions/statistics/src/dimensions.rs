//! The dimensions of the tables, and their values as small integers.
//!
//! A cell is a [`Key`]: for each dimension a value, or [`TOTAL`] where the cell doesn't tell its
//! values apart. The values of a dimension are a tree, whose root is the total.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use shared::domain::territory::{self, Department};
use shared::domain::uai::Uai;

/// How many dimensions there are.
pub const COUNT: usize = 11;
/// A value of a dimension, by its place in the dimension's tree.
pub type Value = u32;
/// A cell: a value for each dimension.
pub type Key = [Value; COUNT];
/// Every value together.
pub const TOTAL: Value = 0;
/// The cell of everybody.
pub const EVERYBODY: Key = [TOTAL; COUNT];
/// The code of a value that nobody said, or that is in no list.
pub const UNKNOWN: &str = "inconnu";
/// The code of [`TOTAL`].
pub const ALL: &str = "ensemble";

/// A dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// 1 region, 2 académie, 3 département.
    Place,
    /// 1 kind of establishment, 2 establishment.
    Supplier,
    Cursus,
    Sex,
    /// 1 group, 2 régime.
    Regime,
    Age,
    Birth,
    Status,
    /// 1 diploma, 2 the year within it.
    Diploma,
    /// How many enrolments a student has.
    Multiple,
    /// What became of students since the snapshot before ([`Flow`]).
    Flow,
}

impl Dimension {
    pub const ALL: [Self; COUNT] = [
        Self::Place,
        Self::Supplier,
        Self::Cursus,
        Self::Sex,
        Self::Regime,
        Self::Age,
        Self::Birth,
        Self::Status,
        Self::Diploma,
        Self::Multiple,
        Self::Flow,
    ];

    /// Its place in a [`Key`].
    #[must_use]
    pub fn at(self) -> usize {
        self as usize
    }
}

/// Kinds of establishments, of which any other is unknown.
pub const KINDS: [&str; 4] = ["universite", "ecole", "lycee", UNKNOWN];
pub const CURSUS: [&str; 4] = ["L", "M", "D", UNKNOWN];
pub const SEXES: [&str; 3] = ["M", "F", UNKNOWN];
/// Groups of régimes, and the régimes of each.
pub const REGIMES: [(&str, &[&str]); 4] = [
    ("initiale", &["RF1", "RF2", "RF3"]),
    ("alternance", &["RF4", "RF7"]),
    ("continue", &["RF5", "RF6"]),
    (UNKNOWN, &[UNKNOWN]),
];
pub const AGES: [&str; 12] =
    ["17-", "18", "19", "20", "21", "22", "23", "24", "25", "26-29", "30+", UNKNOWN];
pub const BIRTHS: [&str; 3] = ["france", "etranger", UNKNOWN];
pub const STATUSES: [&str; 2] = ["admis", "inscrit"];
/// By number of enrolments; a student of a CPGE and a university is apart.
pub const MULTIPLES: [&str; 4] = ["1", "2", "3+", "double_cpge"];

/// What became of a student since the snapshot before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// Wasn't counted then.
    New,
    /// Was in another académie.
    MovedHere,
    Stayed,
    /// Isn't counted any more: nobody of the total.
    Left,
    /// Is in another académie now: in no table, and nobody of the total.
    MovedAway,
    /// Was counted then: in no table of this snapshot, and nobody of the total.
    Before,
}

impl Flow {
    pub const ALL: [Self; 6] =
        [Self::New, Self::MovedHere, Self::Stayed, Self::Left, Self::MovedAway, Self::Before];
    /// Those that tables have.
    pub const TOLD: [Self; 4] = [Self::New, Self::MovedHere, Self::Stayed, Self::Left];

    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::New => "nouveau",
            Self::MovedHere => "venu",
            Self::Stayed => "reste",
            Self::Left => "parti",
            Self::MovedAway => "sorti",
            Self::Before => "avant",
        }
    }

    /// Its value: flows are known beforehand, and are the first of their dimension.
    #[must_use]
    pub fn value(self) -> Value {
        self as Value + 1
    }

    #[must_use]
    pub fn of(value: Value) -> Option<Self> {
        Self::ALL.into_iter().find(|flow| flow.value() == value)
    }

    /// The level of its value: 1 in tables.
    fn level(self) -> u8 {
        if Self::TOLD.contains(&self) { 1 } else { 2 }
    }
}

/// Between the codes of a diploma and of its year, which are letters and digits.
const BETWEEN: char = '/';

/// The code of a year of a diploma: years of two diplomas are two values.
#[must_use]
pub fn year_of(diploma: &str, level: &str) -> String {
    format!("{diploma}{BETWEEN}{level}")
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Node {
    code: String,
    level: u8,
    parent: Value,
}

/// The values of one dimension.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<Node>", into = "Vec<Node>")]
struct Tree {
    nodes: Vec<Node>,
    /// By level, then code.
    index: [HashMap<String, Value>; 4],
}

impl Tree {
    fn new() -> Self {
        let root = Node { code: ALL.to_owned(), level: 0, parent: TOTAL };
        Self { nodes: vec![root], index: Default::default() }
    }

    /// The value of a code, which is new if it wasn't met before.
    fn add(&mut self, level: u8, code: &str, parent: Value) -> Value {
        let index = &mut self.index[usize::from(level)];
        if let Some(value) = index.get(code) {
            return *value;
        }
        let value = Value::try_from(self.nodes.len()).unwrap_or(TOTAL);
        index.insert(code.to_owned(), value);
        self.nodes.push(Node { code: code.to_owned(), level, parent });
        value
    }
}

/// Values that aren't those of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("values of a dimension are a root, and each the child of one before it, a level above")]
struct NoTree;

impl TryFrom<Vec<Node>> for Tree {
    type Error = NoTree;

    fn try_from(nodes: Vec<Node>) -> Result<Self, NoTree> {
        let mut tree = Self::new();
        let mut nodes = nodes.into_iter();
        nodes.next().filter(|root| root.level == 0).ok_or(NoTree)?;
        for Node { code, level, parent } in nodes {
            let above = tree.nodes.get(parent as usize).ok_or(NoTree)?;
            let next = tree.nodes.len();
            let fits = level > above.level && usize::from(level) < tree.index.len();
            if !fits || tree.add(level, &code, parent) as usize != next {
                return Err(NoTree);
            }
        }
        Ok(tree)
    }
}

impl From<Tree> for Vec<Node> {
    fn from(tree: Tree) -> Self {
        tree.nodes
    }
}

/// For each dimension, what each value of another nomenclature is here.
pub(crate) struct Translation([Vec<Value>; COUNT]);

impl Translation {
    /// A key here.
    pub(crate) fn key(&self, key: &Key) -> Key {
        let mut here = EVERYBODY;
        for ((here, values), value) in here.iter_mut().zip(&self.0).zip(key) {
            // A key has values of its own nomenclature, so none is taken for everybody.
            *here = values.get(*value as usize).copied().unwrap_or(TOTAL);
        }
        here
    }
}

/// The values of every dimension.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Nomenclature {
    trees: [Tree; COUNT],
    /// By UAI, the kind and name of each registered establishment.
    #[serde(skip)]
    establishments: HashMap<Uai, (Value, String)>,
    /// By UAI, the value of each establishment that was counted.
    #[serde(skip)]
    suppliers: HashMap<Uai, Value>,
}

impl Default for Nomenclature {
    fn default() -> Self {
        Self::new()
    }
}

impl Nomenclature {
    /// The values that are known beforehand: all but establishments and diplomas.
    #[must_use]
    pub fn new() -> Self {
        let mut all = Self {
            trees: std::array::from_fn(|_| Tree::new()),
            establishments: HashMap::new(),
            suppliers: HashMap::new(),
        };
        for department in territory::departments() {
            all.place(Some(department));
        }
        all.place(None);
        for (dimension, codes) in [
            (Dimension::Supplier, &KINDS[..]),
            (Dimension::Cursus, &CURSUS[..]),
            (Dimension::Sex, &SEXES[..]),
            (Dimension::Age, &AGES[..]),
            (Dimension::Birth, &BIRTHS[..]),
            (Dimension::Status, &STATUSES[..]),
            (Dimension::Multiple, &MULTIPLES[..]),
        ] {
            for code in codes {
                all.add(dimension, 1, code, TOTAL);
            }
        }
        for flow in Flow::ALL {
            all.add(Dimension::Flow, flow.level(), flow.code(), TOTAL);
        }
        for (group, regimes) in REGIMES {
            let group = all.add(Dimension::Regime, 1, group, TOTAL);
            for regime in regimes {
                all.add(Dimension::Regime, 2, regime, group);
            }
        }
        all
    }

    /// The value of a code below another, which is new if it wasn't met before.
    pub fn add(&mut self, dimension: Dimension, level: u8, code: &str, parent: Value) -> Value {
        self.trees[dimension.at()].add(level, code, parent)
    }

    /// Whether every value of a key is one of these.
    #[must_use]
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.trees.iter().zip(key).all(|(tree, value)| (*value as usize) < tree.nodes.len())
    }

    /// The value of a code, if there is one.
    #[must_use]
    pub fn find(&self, dimension: Dimension, level: u8, code: &str) -> Option<Value> {
        self.trees[dimension.at()].index.get(usize::from(level))?.get(code).copied()
    }

    /// The value of a code, or the unknown one of its level.
    #[must_use]
    pub fn of(&self, dimension: Dimension, level: u8, code: &str) -> Value {
        let unknown = || self.find(dimension, level, UNKNOWN);
        self.find(dimension, level, code).or_else(unknown).unwrap_or(TOTAL)
    }

    /// A département with its académie and region, or the unknown ones.
    pub fn place(&mut self, department: Option<&Department>) -> Value {
        let codes = department.map_or([UNKNOWN; 3], |one| [one.region, one.academy, one.code]);
        if let Some(value) = self.find(Dimension::Place, 3, codes[2]) {
            return value;
        }
        let region = self.add(Dimension::Place, 1, codes[0], TOTAL);
        let academy = self.add(Dimension::Place, 2, codes[1], region);
        self.add(Dimension::Place, 3, codes[2], academy)
    }

    /// Notes what is registered of an establishment.
    pub fn register(&mut self, uai: Uai, kind: &str, name: &str) {
        let kind = self.of(Dimension::Supplier, 1, kind);
        self.establishments.insert(uai, (kind, name.to_owned()));
    }

    /// An establishment, below its kind.
    pub fn supplier(&mut self, uai: Uai) -> Value {
        if let Some(value) = self.suppliers.get(&uai) {
            return *value;
        }
        // One that was read back is among the values alone.
        if let Some(value) = self.find(Dimension::Supplier, 2, uai.as_str()) {
            self.suppliers.insert(uai, value);
            return value;
        }
        let unknown = self.of(Dimension::Supplier, 1, UNKNOWN);
        let kind = self.establishments.get(&uai).map_or(unknown, |(kind, _)| *kind);
        let value = self.add(Dimension::Supplier, 2, uai.as_str(), kind);
        self.suppliers.insert(uai, value);
        value
    }

    /// Takes for registered what is so in another: what is read back of a count doesn't say it.
    pub(crate) fn register_as(&mut self, other: &Self) {
        self.establishments.clone_from(&other.establishments);
    }

    /// Adds the values of another nomenclature, and says what each is called here. An establishment
    /// is of the kind that it is registered with here.
    pub(crate) fn absorb(&mut self, other: &Self) -> Translation {
        Translation(Dimension::ALL.map(|dimension| {
            let mut here: Vec<Value> = Vec::new();
            for node in &other.trees[dimension.at()].nodes {
                // A parent comes before its children.
                let parent = here.get(node.parent as usize).copied().unwrap_or(TOTAL);
                let uai = Uai::parse(&node.code).ok();
                here.push(match (dimension, node.level, uai) {
                    (_, 0, _) => TOTAL,
                    (Dimension::Supplier, 2, Some(uai)) => self.supplier(uai),
                    (_, level, _) => self.add(dimension, level, &node.code, parent),
                });
            }
            here
        }))
    }

    /// A diploma, or its year when that is given.
    pub fn diploma(&mut self, diploma: Option<&str>, level: Option<&str>) -> Value {
        let (diploma, level) = (diploma.unwrap_or(UNKNOWN), level.unwrap_or(UNKNOWN));
        let parent = self.add(Dimension::Diploma, 1, diploma, TOTAL);
        self.add(Dimension::Diploma, 2, &year_of(diploma, level), parent)
    }

    /// The name that an establishment is registered with.
    #[must_use]
    pub fn name_of(&self, uai: &str) -> Option<&str> {
        let uai = Uai::parse(uai).ok()?;
        self.establishments.get(&uai).map(|(_, name)| name.as_str())
    }

    /// The code of a value: that of a year of a diploma is the year's alone.
    #[must_use]
    pub fn code(&self, dimension: Dimension, value: Value) -> &str {
        let node = self.node(dimension, value);
        match dimension {
            Dimension::Diploma if node.level == 2 => {
                node.code.rsplit_once(BETWEEN).map_or(node.code.as_str(), |(_, level)| level)
            }
            _ => &node.code,
        }
    }

    #[must_use]
    pub fn level(&self, dimension: Dimension, value: Value) -> u8 {
        self.node(dimension, value).level
    }

    /// The value of a level that a value is below, or itself; the total is above all.
    #[must_use]
    pub fn lift(&self, dimension: Dimension, value: Value, level: u8) -> Value {
        let mut value = value;
        while self.node(dimension, value).level > level {
            value = self.node(dimension, value).parent;
        }
        value
    }

    /// The values of a level.
    pub fn values(&self, dimension: Dimension, level: u8) -> impl Iterator<Item = Value> + '_ {
        let nodes = self.trees[dimension.at()].nodes.iter().zip(0..);
        nodes.filter(move |(node, _)| node.level == level).map(|(_, value)| value)
    }

    fn node(&self, dimension: Dimension, value: Value) -> &Node {
        let nodes = &self.trees[dimension.at()].nodes;
        // Values come from the tree, so the root is never taken for another.
        nodes.get(value as usize).unwrap_or(&nodes[0])
    }
}
