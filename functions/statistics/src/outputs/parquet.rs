//! Tables as Parquet: the rows of the CSV, in one row group, codes as text, counts as integers. A
//! secret count is null.
//!
//! The same rows give the same bytes, so that a run that writes a file again writes the same one.

use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::{Type, TypePtr};
use jiff::civil::{Date, date};

use super::File;
use super::coverage::Covered;
use super::text::{DAY, FormatError, NAME, SHARE, STATE, UAI, heading, state_of, state_of_feed};
use crate::tables::published::{Row, Table, Told};

pub(super) const MEDIA_TYPE: &str = "application/vnd.apache.parquet";
/// What Parquet counts days from.
const EPOCH: Date = date(1970, 1, 1);

/// A column with all of its values.
enum Column {
    Text(Vec<ByteArray>),
    Count(Vec<Option<i64>>),
    Day(Vec<Option<i32>>),
}

pub(super) fn table(table: &Table, rows: &[Row]) -> Result<File, FormatError> {
    let codes = (0..table.columns.len())
        .map(|at| texts(rows.iter().map(|row| row.codes.get(at).map_or("", String::as_str))));
    let told = |count: fn(i64, Option<i64>) -> Option<i64>| {
        let counts = rows.iter().map(move |row| match row.told {
            Told::Counts { students, enrolments } => count(students, enrolments),
            Told::Secret => None,
        });
        Column::Count(counts.collect())
    };
    let mut columns: Vec<Column> = codes.collect();
    columns.push(told(|students, _| Some(students)));
    if !table.people_only {
        columns.push(told(|_, enrolments| Some(enrolments.unwrap_or_default())));
    }
    columns.push(texts(rows.iter().map(|row| state_of(row.told))));
    let columns: Vec<(&str, Column)> = heading(table).into_iter().zip(columns).collect();
    file(table.name, &columns)
}

pub(super) fn coverage(rows: &[Covered<'_>]) -> Result<File, FormatError> {
    let days = rows.iter().map(|one| one.last_feed.map(days_of));
    let columns = [
        (UAI, texts(rows.iter().map(|one| one.uai))),
        (NAME, texts(rows.iter().map(|one| one.name))),
        (DAY, Column::Day(days.collect())),
        (SHARE, Column::Count(rows.iter().map(|one| one.share).collect())),
        (STATE, texts(rows.iter().map(|one| state_of_feed(one.last_feed)))),
    ];
    file("couverture", &columns)
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> Column {
    Column::Text(values.map(ByteArray::from).collect())
}

fn days_of(day: Date) -> i32 {
    EPOCH.until(day).map(|span| span.get_days()).unwrap_or_default()
}

fn file(name: &str, columns: &[(&str, Column)]) -> Result<File, FormatError> {
    let content = write(columns).map_err(|_| FormatError::Parquet)?;
    Ok(File { name: format!("{name}.parquet"), media_type: MEDIA_TYPE, content })
}

fn write(columns: &[(&str, Column)]) -> Result<Vec<u8>, ParquetError> {
    let fields = columns.iter().map(|(name, column)| column.field(name));
    let fields: Vec<TypePtr> = fields.collect::<Result<_, _>>()?;
    let schema = Arc::new(Type::group_type_builder("schema").with_fields(fields).build()?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(::parquet::basic::ZstdLevel::default()))
        .set_created_by("statut-etudiant".to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (_, column) in columns {
        column.write(&mut group)?;
    }
    group.close()?;
    writer.into_inner()
}

impl Column {
    fn field(&self, name: &str) -> Result<TypePtr, ParquetError> {
        let (physical, logical, repetition) = match self {
            Self::Text(_) => {
                (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED)
            }
            Self::Count(_) => (Physical::INT64, None, Repetition::OPTIONAL),
            Self::Day(_) => (Physical::INT32, Some(LogicalType::Date), Repetition::OPTIONAL),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition);
        Ok(Arc::new(field.build()?))
    }

    fn write(&self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<(), ParquetError> {
        match self {
            Self::Text(values) => write_column::<ByteArrayType>(group, values, None),
            Self::Count(values) => write_optional::<Int64Type>(group, values),
            Self::Day(values) => write_optional::<Int32Type>(group, values),
        }
    }
}

/// Writes the values that there are, and says which rows have one.
fn write_optional<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[Option<T::T>],
) -> Result<(), ParquetError>
where
    T::T: Copy,
{
    let there: Vec<T::T> = values.iter().flatten().copied().collect();
    let defined: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    write_column::<T>(group, &there, Some(&defined))
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    defined: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let mut column = group
        .next_column()?
        .ok_or_else(|| ParquetError::General("the schema has fewer columns".to_owned()))?;
    column.typed::<T>().write_batch(values, defined, None)?;
    column.close()
}
