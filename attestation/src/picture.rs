//! The text of an attestation as a QR, of which a page or a file draws each square.

use qrcode::{Color, EcLevel, QrCode};

/// Squares of white around a QR, without which readers don't find it (ISO/IEC 18004).
const QUIET: usize = 4;

/// A QR as squares, white around it included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    side: usize,
    dark: Vec<bool>,
}

/// The text is longer than a QR holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a QR holds no text that long")]
pub struct TooLong;

impl Picture {
    /// A QR of which a seventh may be unreadable (level M).
    pub fn of(text: &str) -> Result<Self, TooLong> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| TooLong)?;
        let (width, colours) = (code.width(), code.to_colors());
        let side = width + 2 * QUIET;
        let mut dark = vec![false; side * side];
        for (place, colour) in colours.into_iter().enumerate() {
            let (row, column) = (place / width + QUIET, place % width + QUIET);
            dark[row * side + column] = colour == Color::Dark;
        }
        Ok(Self { side, dark })
    }

    /// Squares on a side.
    #[must_use]
    pub fn side(&self) -> usize {
        self.side
    }

    /// Rows of squares, true where one is dark.
    pub fn rows(&self) -> impl Iterator<Item = &[bool]> {
        self.dark.chunks_exact(self.side)
    }

    /// The dark squares as the path of an SVG, a square being one unit: runs of a row are one
    /// rectangle, or the edges between squares would shine through.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = Vec::new();
        for (row, squares) in self.rows().enumerate() {
            let mut column = 0;
            for run in squares.chunk_by(|one, other| one == other) {
                if run.first() == Some(&true) {
                    let width = run.len();
                    path.push(format!("M{column} {row}h{width}v1h-{width}z"));
                }
                column += run.len();
            }
        }
        path.concat()
    }
}
