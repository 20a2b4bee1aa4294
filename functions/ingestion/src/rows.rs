//! The file's rows, in batches, from a thread that parses while the others are written.

use std::io::Read;
use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;
use shared::domain::academic_year::day_in_france;
use shared::files::reader::{Depositor, EnrolmentReader, FileError, Next, Row};
use shared::files::row::Setting;
use shared::registry::records::MOST_IN_BATCH;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::io::SyncIoBridge;

/// Batches parsed ahead of the writer: enough to keep it busy, few enough to hold little.
const AHEAD: usize = 4;
/// Bytes asked of the stream at a time.
const CHUNK: usize = 256 * 1024;

/// Rows, and how many bytes of the file they bring us to.
pub(crate) struct Batch {
    pub(crate) rows: Vec<Row>,
    pub(crate) bytes_read: u64,
}

/// Why there are no more rows.
pub(crate) enum Stopped {
    /// The bytes stopped coming: worth another try.
    Interrupted,
    /// The file is at fault.
    Unreadable(FileError),
}

/// Parses an object while it is downloaded. Memory is bounded by the batches ahead, whatever the size.
///
/// The first item tells whether there is a file to read at all; the stream ends after an error.
pub(crate) fn stream(body: ByteStream, depositor: Arc<Depositor>) -> Receiver<Result<Batch, Stopped>> {
    let (sender, receiver) = channel(AHEAD);
    let input = SyncIoBridge::new(body.into_async_read());
    tokio::task::spawn_blocking(move || {
        if let Err(stopped) = parse(input, &depositor, &sender) {
            // Nobody listens any more when the import was given up: then there is nobody to tell.
            let _ = sender.blocking_send(Err(stopped));
        }
    });
    receiver
}

fn parse(mut input: impl Read, depositor: &Depositor, sender: &Sender<Result<Batch, Stopped>>) -> Result<(), Stopped> {
    let today = day_in_france(Timestamp::now());
    let mut reader = EnrolmentReader::new(Setting { depositor, today, year: None });
    let mut chunk = vec![0; CHUNK];
    let mut rows = Vec::with_capacity(MOST_IN_BATCH);
    loop {
        let ended = match reader.next().map_err(Stopped::Unreadable)? {
            Next::Row(row) => {
                rows.push(row);
                false
            }
            Next::NeedsBytes => {
                match input.read(&mut chunk).map_err(|_| Stopped::Interrupted)? {
                    0 => reader.finish(),
                    count => reader.push(&chunk[..count]),
                }
                continue;
            }
            Next::Ended => true,
        };
        if ended || rows.len() == MOST_IN_BATCH {
            let full = std::mem::replace(&mut rows, Vec::with_capacity(MOST_IN_BATCH));
            let batch = Batch { rows: full, bytes_read: reader.bytes_read() };
            if sender.blocking_send(Ok(batch)).is_err() || ended {
                return Ok(());
            }
        }
    }
}
