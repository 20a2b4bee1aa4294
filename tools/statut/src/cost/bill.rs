//! Euros a month, by service.

use serde::Serialize;

use super::assumptions::{Assumptions, Prices, Work};
use super::{Load, Month, NIGHTS, SECONDS_OF_A_DAY};

/// A month's bill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Bill {
    pub(crate) month: Month,
    pub(crate) lines: Vec<Line>,
    /// Euros.
    pub(crate) total: f64,
}

/// What a service costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) service: &'static str,
    /// What is counted there.
    pub(crate) what: &'static str,
    /// How much of it, in its unit.
    pub(crate) quantity: f64,
    pub(crate) unit: &'static str,
    pub(crate) euros: f64,
}

/// A transaction takes two write units a kilobyte.
const TRANSACTION: f64 = 2.0;
/// A read of what may be a moment old takes half a unit.
const EVENTUAL: f64 = 0.5;
/// Months that a trace and a file are kept.
const MONTHS_OF_TRACES: f64 = 12.0;
/// Calls to SQS for a record: ten are sent, received and deleted by one call each.
const QUEUE_CALLS: f64 = 0.3;
const MILLION: f64 = 1e6;
const KILOBYTES_OF_A_GIGABYTE: f64 = 1e6;

impl Bill {
    /// The bill of a month.
    pub(crate) fn of(load: &Load, month: Month, assumptions: &Assumptions) -> Self {
        let Assumptions { prices, work, euros_per_dollar, .. } = assumptions;
        let count = Count { load, month, work };
        let mut lines = count.dynamodb(prices);
        lines.extend(count.lambda(prices));
        lines.extend(count.edge(prices));
        lines.extend(count.files_and_queues(prices));
        lines.extend(count.watching(prices));
        for line in &mut lines {
            line.euros *= euros_per_dollar;
        }
        let total = lines.iter().map(|line| line.euros).sum();
        Self { month, lines, total }
    }
}

/// How much is done in a month.
struct Count<'a> {
    load: &'a Load,
    month: Month,
    work: &'a Work,
}

/// In dollars, until the whole is converted.
fn line(
    service: &'static str,
    what: &'static str,
    (quantity, unit): (f64, &'static str),
    price: f64,
) -> Line {
    Line { service, what, quantity, unit, euros: quantity * price }
}

impl Count<'_> {
    fn resolved(&self) -> f64 {
        self.load.resolved_rows(self.month)
    }

    /// Rows that pass through an import.
    fn rows(&self) -> f64 {
        self.resolved() + self.load.unchanged_rows()
    }

    fn questions(&self) -> f64 {
        self.load.questions(self.month)
    }

    fn dynamodb(&self, prices: &Prices) -> Vec<Line> {
        let work = self.work;
        let record = TRANSACTION * work.record_kilobytes.value;
        let resolution =
            TRANSACTION * work.resolution_writes.value * work.resolution_write_kilobytes.value;
        // A row that changed nothing is read as of now, and leaves no trace.
        let writes = self.resolved() * record
            + self.resolved() * resolution
            + self.questions() * work.question_writes.value * work.trace_kilobytes.value;
        // Statistics read every student and every record each night, and of each trace what its index
        // has, which is less than the trace.
        let scanned = self.load.students * work.student_kilobytes.value
            + self.load.enrolments() * work.record_kilobytes.value;
        let used = self.questions() * work.trace_kilobytes.value;
        // Retention reads the same every third night.
        let scans = ((NIGHTS + NIGHTS / 3.0) * scanned + used) / 4.0 * EVENTUAL;
        let reads = self.resolved() * EVENTUAL
            + self.load.unchanged_rows()
            + self.resolved() * work.resolution_reads.value * work.resolution_read_units.value
            + self.questions() * work.question_reads.value
            + scans;
        let register = self.load.students * work.student_kilobytes.value;
        let traces = self.load.questions(Month::Ordinary)
            * (MONTHS_OF_TRACES - 1.0 + self.load.rentree_questions)
            * work.trace_kilobytes.value;
        let gigabytes = (register + traces) / KILOBYTES_OF_A_GIGABYTE;
        vec![
            line(
                "DynamoDB",
                "writes",
                (writes / MILLION, "million units"),
                prices.dynamodb_million_write_units,
            ),
            line(
                "DynamoDB",
                "reads",
                (reads / MILLION, "million units"),
                prices.dynamodb_million_read_units,
            ),
            line("DynamoDB", "storage", (gigabytes, "GB"), prices.dynamodb_storage_gb),
            line(
                "DynamoDB",
                "restore to any second",
                (gigabytes, "GB"),
                prices.dynamodb_recovery_gb,
            ),
        ]
    }

    fn lambda(&self, prices: &Prices) -> Vec<Line> {
        let work = self.work;
        let resolving = self.resolved() / work.resolutions_per_second_and_function.value
            * work.resolution_gigabytes.value;
        let importing =
            self.rows() / work.rows_per_second_and_import.value * work.import_gigabytes.value;
        let answering =
            self.questions() * work.question_seconds.value * work.question_gigabytes.value;
        let invocations = self.questions() + self.resolved() / 10.0;
        vec![
            line("Lambda", "deduplication", (resolving, "GB·s"), prices.lambda_gb_second),
            line("Lambda", "ingestion", (importing, "GB·s"), prices.lambda_gb_second),
            line("Lambda", "status", (answering, "GB·s"), prices.lambda_gb_second),
            line(
                "Lambda",
                "invocations",
                (invocations / MILLION, "million"),
                prices.lambda_million_requests,
            ),
        ]
    }

    fn edge(&self, prices: &Prices) -> Vec<Line> {
        let millions = self.questions() / MILLION;
        let sent = self.questions() * self.work.answer_kilobytes.value / KILOBYTES_OF_A_GIGABYTE;
        vec![
            line(
                "API Gateway",
                "requests",
                (millions, "million"),
                prices.api_gateway_million_requests,
            ),
            line("Firewall", "requests", (millions, "million"), prices.firewall_million_requests),
            line("Firewall", "list and rules", (1.0, ""), prices.firewall_fixed),
            line("Transfer", "answers", (sent, "GB"), prices.transfer_gb),
        ]
    }

    fn files_and_queues(&self, prices: &Prices) -> Vec<Line> {
        let kept = self.rows() * self.work.row_bytes.value / 1e9;
        // A file of some thousand rows, its report, and a checkpoint or two.
        let objects = self.rows() / 1_000.0;
        vec![
            line("S3", "a month's files", (kept, "GB"), prices.s3_storage_gb),
            line(
                "S3",
                "objects put and read",
                (4.0 * objects / MILLION, "million"),
                prices.s3_million_puts + prices.s3_million_gets,
            ),
            line(
                "SQS",
                "pointers",
                (self.resolved() * QUEUE_CALLS / MILLION, "million"),
                prices.sqs_million_requests,
            ),
            line(
                "CloudTrail",
                "data events of buckets",
                (8.0 * objects / MILLION, "million"),
                prices.cloudtrail_million_data_events,
            ),
        ]
    }

    fn watching(&self, prices: &Prices) -> Vec<Line> {
        let work = self.work;
        let logged = (self.questions() * work.log_kilobytes_per_request.value
            + self.resolved() * work.log_kilobytes_per_record.value)
            / KILOBYTES_OF_A_GIGABYTE;
        // DynamoDB asks for a table's key every five minutes at most.
        let key_calls = work.tables.value * NIGHTS * SECONDS_OF_A_DAY / 300.0;
        vec![
            line("CloudWatch", "logs", (logged, "GB"), prices.cloudwatch_log_gb),
            line("CloudWatch", "metrics", (work.metrics.value, ""), prices.cloudwatch_metric),
            line("CloudWatch", "alarms", (work.alarms.value, ""), prices.cloudwatch_alarm),
            line("KMS", "keys", (work.keys.value, ""), prices.kms_key),
            line("KMS", "calls", (key_calls / MILLION, "million"), prices.kms_million_requests),
            line("Secrets Manager", "secrets", (work.secrets.value, ""), prices.secret),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::FRANCE;
    use super::*;

    fn euros(load: &Load, month: Month) -> f64 {
        Bill::of(load, month, &Assumptions::ours().unwrap()).total
    }

    /// Worked by hand: 3 million questions at 3.5 dollars a million and 0.92 euro a dollar.
    #[test]
    fn a_line_is_its_quantity_at_its_price() {
        let bill = Bill::of(&FRANCE, Month::Ordinary, &Assumptions::ours().unwrap());
        let requests = bill.lines.iter().find(|line| line.service == "API Gateway").unwrap();
        assert!((requests.quantity - 3.0).abs() < 1e-9);
        assert!((requests.euros - 3.0 * 3.5 * 0.92).abs() < 1e-9);
        let sum: f64 = bill.lines.iter().map(|line| line.euros).sum();
        assert!((sum - bill.total).abs() < 1e-9);
    }

    #[test]
    fn the_rentree_costs_more_and_nobody_costs_what_is_fixed() {
        assert!(euros(&FRANCE, Month::Rentree) > euros(&FRANCE, Month::Ordinary));
        let nobody = FRANCE.times(0.0);
        let fixed = euros(&nobody, Month::Ordinary);
        assert!(fixed > 0.0 && fixed < euros(&FRANCE, Month::Ordinary));
        // Beyond what is fixed, twice the students cost twice as much.
        let once = euros(&FRANCE, Month::Rentree) - fixed;
        let twice = euros(&FRANCE.times(2.0), Month::Rentree) - fixed;
        assert!((twice / once - 2.0).abs() < 1e-9);
    }
}
