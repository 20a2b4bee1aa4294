//! One number for a row's place in a file, whatever its sheet: what versions of a record are
//! ordered by.

/// More lines than the country has students, and than a sheet may have: what sheets are apart. A
/// version has ten digits for it, which 256 sheets leave room in.
const SHEET: u64 = 20_000_000;

/// The place of a line of a text, or of a sheet.
#[must_use]
pub fn of(sheet: Option<u16>, line: u64) -> u64 {
    sheet.map_or(line, |sheet| u64::from(sheet) * SHEET + line)
}

/// The sheet, if it is one, and the line at a place. A text of more than twenty million lines would
/// seem to have sheets.
#[must_use]
pub fn read(place: u64) -> (Option<u16>, u64) {
    let sheet = u16::try_from(place / SHEET).ok().filter(|sheet| *sheet > 0);
    (sheet, if sheet.is_some() { place % SHEET } else { place })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_order_and_read_back() {
        let places =
            [(None, 2), (Some(1), 1), (Some(1), 1_048_576), (Some(2), 2), (Some(256), 1_048_576)];
        for (sheet, line) in places {
            assert_eq!(read(of(sheet, line)), (sheet, line));
        }
        assert!(places.windows(2).all(|pair| of(pair[0].0, pair[0].1) < of(pair[1].0, pair[1].1)));
        assert!(of(Some(256), 1_048_576).to_string().len() <= 10);
    }
}
