//! Query parameters as they come, before anything is believed of them.

/// The parameters of a request, decoded.
#[derive(Debug, Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

/// A parameter that must be given once is given several times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the parameter is given several times")]
pub struct Repeated;

impl Parameters {
    /// Every value of a name, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The only value of a name, trimmed; blank is none.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.all(name);
        let value = values.next().map(str::trim).filter(|value| !value.is_empty());
        if values.next().is_some() { Err(Repeated) } else { Ok(value) }
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Parameters {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(pairs: T) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        let parameters: Parameters =
            [("a", " 1 "), ("b", "1"), ("b", "2"), ("c", " ")].into_iter().collect();
        assert_eq!(parameters.one("a"), Ok(Some("1")));
        assert_eq!(parameters.one("b"), Err(Repeated));
        assert_eq!(parameters.one("c"), Ok(None));
        assert_eq!(parameters.one("d"), Ok(None));
        assert_eq!(parameters.all("b").collect::<Vec<_>>(), ["1", "2"]);
    }
}
