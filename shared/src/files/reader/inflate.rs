//! gzip and zstd, in steps of bounded size.
//!
//! The decoders read from a queue that says "would block" when it has run dry, and take up where
//! they stopped when more has been pushed. A step inflates [`STEP`] bytes at most, so that a bomb
//! costs time in proportion to what it inflates to, until the limits stop it, and no memory.

use std::io::{self, BufRead, ErrorKind, Read};

use super::error::FileError;
use super::sniff::Compression;
use super::text::Text;
use super::{LARGEST_INFLATED, LARGEST_RATIO, WIDEST_WINDOW_LOG};

/// Bytes that a step gives at most.
const STEP: usize = 64 * 1024;
/// The ratio is not looked at before so much has come out: a small file of one repeated row
/// compresses very well.
const RATIO_FROM: u64 = 16 * 1024 * 1024;

/// Bytes pushed and not yet inflated.
#[derive(Debug, Default)]
struct Queue {
    bytes: Vec<u8>,
    start: usize,
    taken: u64,
    ended: bool,
}

impl Queue {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }
}

impl BufRead for Queue {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.bytes.len() && !self.ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(&self.bytes[self.start..])
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
        self.taken += count as u64;
    }
}

impl Read for Queue {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

enum Decoder {
    Gzip(Box<flate2::bufread::MultiGzDecoder<Queue>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Queue>>),
}

/// Inflates what is pushed.
pub(super) struct Inflater {
    decoder: Decoder,
    step: Vec<u8>,
    inflated: u64,
    /// Inflated bytes that were read in an earlier sitting, still to be passed over.
    skip: u64,
}

/// What a step gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Text, or some of what is passed over.
    Gave,
    /// Nothing before more is pushed.
    NeedsBytes,
    /// Nothing any more.
    Ended,
}

impl Inflater {
    /// Passes over the first `skip` bytes that it inflates.
    pub(super) fn new(compression: Compression, skip: u64) -> Result<Self, FileError> {
        let queue = Queue::default();
        let decoder = match compression {
            Compression::Gzip => {
                Decoder::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(queue)))
            }
            Compression::Zstd => {
                let decoder =
                    zstd::stream::read::Decoder::with_buffer(queue).and_then(|mut decoder| {
                        decoder.window_log_max(WIDEST_WINDOW_LOG)?;
                        Ok(decoder)
                    });
                Decoder::Zstd(Box::new(decoder.map_err(|_| FileError::Corrupt)?))
            }
        };
        Ok(Self { decoder, step: vec![0; STEP], inflated: 0, skip })
    }

    fn queue(&self) -> &Queue {
        match &self.decoder {
            Decoder::Gzip(decoder) => decoder.get_ref(),
            Decoder::Zstd(decoder) => decoder.get_ref(),
        }
    }

    fn queue_mut(&mut self) -> &mut Queue {
        match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Zstd(decoder) => decoder.get_mut(),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.queue_mut().push(bytes);
    }

    pub(super) fn finish(&mut self) {
        self.queue_mut().ended = true;
    }

    /// Compressed bytes taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.queue().taken
    }

    /// Inflates a little into `text`.
    pub(super) fn step(&mut self, text: &mut Text) -> Result<Step, FileError> {
        loop {
            let result = match &mut self.decoder {
                Decoder::Gzip(decoder) => decoder.read(&mut self.step),
                Decoder::Zstd(decoder) => decoder.read(&mut self.step),
            };
            let given = match result {
                Ok(0) => return Ok(Step::Ended),
                Ok(given) => given,
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => continue,
                    ErrorKind::WouldBlock => return Ok(Step::NeedsBytes),
                    ErrorKind::UnexpectedEof => return Err(FileError::Truncated),
                    _ => return Err(FileError::Corrupt),
                },
            };
            self.inflated += given as u64;
            if self.inflated > LARGEST_INFLATED {
                return Err(FileError::TooLarge);
            }
            if self.inflated > RATIO_FROM && self.inflated / LARGEST_RATIO > self.taken() {
                return Err(FileError::Bomb);
            }
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(given);
            self.skip -= skipped as u64;
            if skipped < given {
                text.push(&self.step[skipped..given]);
            }
            return Ok(Step::Gave);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    fn inflate(
        compression: Compression,
        bytes: &[u8],
        piece: usize,
        skip: u64,
    ) -> Result<Vec<u8>, FileError> {
        let mut inflater = Inflater::new(compression, skip)?;
        let mut pieces = bytes.chunks(piece);
        let mut text = Text::at(0, 0);
        let mut all = Vec::new();
        loop {
            match inflater.step(&mut text)? {
                Step::Gave => all.extend(text.take()),
                Step::NeedsBytes => match pieces.next() {
                    Some(piece) => inflater.push(piece),
                    None => inflater.finish(),
                },
                Step::Ended => return Ok(all),
            }
        }
    }

    #[test]
    fn members_and_frames_follow_each_other_however_they_are_cut() {
        let long = vec![b'x'; 200_000];
        let parts = [&b"nom;"[..], b"", &long];
        let whole = parts.concat();
        for (compression, compressed) in [
            (Compression::Gzip, parts.map(gzip).concat()),
            (Compression::Zstd, parts.map(zstd).concat()),
        ] {
            for piece in [1, 7, 100, 1_000_000] {
                assert_eq!(
                    inflate(compression, &compressed, piece, 0).unwrap(),
                    whole,
                    "{compression:?} by {piece}"
                );
            }
            assert_eq!(inflate(compression, &compressed, 50, 100_000).unwrap(), whole[100_000..]);
            for cut in [5, compressed.len() - 3] {
                assert!(
                    inflate(compression, &compressed[..cut], 10, 0).is_err(),
                    "{compression:?} cut at {cut}"
                );
            }
        }
    }

    #[test]
    fn a_bomb_is_stopped_early() {
        let zeros = vec![b'0'; 64 << 20];
        for (compression, bomb) in
            [(Compression::Gzip, gzip(&zeros)), (Compression::Zstd, zstd(&zeros))]
        {
            assert_eq!(
                inflate(compression, &bomb, 4096, 0),
                Err(FileError::Bomb),
                "{compression:?}"
            );
        }
    }

    #[test]
    fn rubbish_and_wide_windows_are_refused() {
        assert_eq!(
            inflate(Compression::Gzip, b"\x1F\x8B\x08\0\0\0\0\0\0\0xxxxxxxxxxxxxxxxxxxxxx", 100, 0),
            Err(FileError::Corrupt)
        );
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(&[b'x'; 1000]).unwrap();
        assert_eq!(
            inflate(Compression::Zstd, &encoder.finish().unwrap(), 100, 0),
            Err(FileError::Corrupt)
        );
    }
}
