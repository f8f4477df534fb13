//! A file of devices: CSV with a header `device,feature,model,priority`, all but the first optional.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use csv::{ReaderBuilder, StringRecord, Trim};
use serde_json::{Value, json};
use tallykey_client::{Problem, wire::Ask};

use crate::cli::text::count;

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The first line does not name the columns.
    #[error("{} line 1: {detail}", file.display())]
    Header {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// There is nothing below the header.
    #[error("{} names no device", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// A line is not CSV of this header.
    #[error("{} line {line}: {detail}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong with it.
        detail: String,
    },
    /// The service refused a line, or the whole.
    #[error("{}{}: {}", file.display(), shown(*line, column.as_ref()), problem.detail)]
    Refused {
        /// The file.
        file: PathBuf,
        /// Line, from 1, if one line is to blame.
        line: Option<u64>,
        /// Number, from 1, and name of the column, if one is to blame.
        column: Option<(usize, &'static str)>,
        /// The service's answer.
        problem: Box<Problem>,
    },
}

fn shown(line: Option<u64>, column: Option<&(usize, &'static str)>) -> String {
    match (line, column) {
        (Some(line), Some((number, name))) => format!(" line {line}, column {number} ({name})"),
        (Some(line), None) => format!(" line {line}"),
        (None, _) => String::new(),
    }
}

impl ImportError {
    pub(in crate::cli) fn code(&self) -> String {
        match self {
            Self::Unreadable { .. } => "file-unreadable".to_owned(),
            Self::Header { .. } | Self::Empty { .. } | Self::Line { .. } => "bad-csv".to_owned(),
            Self::Refused { problem, .. } => problem.code.clone(),
        }
    }

    pub(in crate::cli) fn next(&self) -> String {
        match self {
            Self::Unreadable { .. } => "give the path of a CSV file".to_owned(),
            Self::Header { .. } | Self::Empty { .. } => {
                "begin the file with `device,feature,model,priority` and add one line for each device; \
                 all but device may be left out"
                    .to_owned()
            }
            Self::Line { .. } => "correct that line and import the file again".to_owned(),
            Self::Refused { problem, .. } => problem.next.clone(),
        }
    }

    pub(in crate::cli) fn document(&self) -> Value {
        let code = self.code();
        let mut document = match self {
            Self::Refused { problem, .. } => json!(problem),
            _ => json!({
                "type": Problem::type_of(&code),
                "title": crate::cli::failure::title(&code),
                "code": code,
                "class": "wrong-procedure",
                "next": self.next(),
            }),
        };
        document["detail"] = json!(format!("{self}; nothing was allocated"));
        let (file, line, column) = match self {
            Self::Unreadable { file, .. } | Self::Empty { file } => (file, None, None),
            Self::Header { file, .. } => (file, Some(1), None),
            Self::Line { file, line, .. } => (file, Some(*line), None),
            Self::Refused {
                file, line, column, ..
            } => (file, *line, *column),
        };
        document["file"] = json!(file.display().to_string());
        if let Some(line) = line {
            document["line"] = json!(line);
        }
        if let Some((number, name)) = column {
            document["column"] = json!(number);
            document["column_name"] = json!(name);
        }
        document
    }
}

/// The devices of a file, and where each stands in it.
#[derive(Debug)]
pub(in crate::cli) struct Import {
    file: PathBuf,
    columns: Columns,
    asks: Vec<Ask>,
    /// Where each ask begins in `text`.
    starts: Vec<Option<csv::Position>>,
    text: Vec<u8>,
}

impl Import {
    /// Reads a file of devices, each to be held for `ttl` seconds if that is given.
    pub(super) fn read(file: &Path, ttl: Option<u32>) -> Result<Self, ImportError> {
        let bytes = fs::read(file).map_err(|source| ImportError::Unreadable {
            file: file.to_owned(),
            source,
        })?;
        let mut import = Self::parse(file, &bytes)?;
        import.asks.iter_mut().for_each(|ask| ask.ttl = ttl);
        Ok(import)
    }

    fn parse(file: &Path, bytes: &[u8]) -> Result<Self, ImportError> {
        let file = file.to_owned();
        // Spreadsheets write a byte order mark, and semicolons where the comma is decimal.
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
        let semicolons = first.contains(&b';') && !first.contains(&b',');
        let mut reader = ReaderBuilder::new()
            .delimiter(if semicolons { b';' } else { b',' })
            .trim(Trim::All)
            .from_reader(bytes);
        let columns = match reader.headers() {
            Ok(header) => Columns::of(header).map_err(|detail| ImportError::Header {
                file: file.clone(),
                detail,
            })?,
            Err(error) => return Err(bad_line(file, bytes, &error)),
        };
        let (mut asks, mut starts) = (Vec::new(), Vec::new());
        for record in reader.records() {
            let record = record.map_err(|error| bad_line(file.clone(), bytes, &error))?;
            let ask = columns.ask(&record).map_err(|detail| ImportError::Line {
                file: file.clone(),
                line: line_of(bytes, record.position()),
                detail,
            })?;
            starts.push(record.position().cloned());
            asks.push(ask);
        }
        if asks.is_empty() {
            return Err(ImportError::Empty { file });
        }
        Ok(Self {
            file,
            columns,
            asks,
            starts,
            text: bytes.to_vec(),
        })
    }

    pub(super) fn asks(&self) -> &[Ask] {
        &self.asks
    }

    pub(super) fn name(&self) -> String {
        self.file.display().to_string()
    }

    fn line(&self, index: usize) -> Option<u64> {
        let start = self.starts.get(index)?;
        Some(line_of(&self.text, start.as_ref()))
    }

    /// Says which line and column the service's refusal is about.
    pub(super) fn blame(&self, problem: Problem) -> ImportError {
        let index = problem.facts.get("index").and_then(Value::as_u64);
        let line = index.and_then(|index| self.line(usize::try_from(index).ok()?));
        ImportError::Refused {
            file: self.file.clone(),
            line,
            column: self.columns.blamed(&problem.code),
            problem: Box::new(problem),
        }
    }
}

/// The line, from 1, of the record at `position`. The reader's own count stands before empty lines
/// that it passes over, and before the line feed of a record that ends in CR LF.
fn line_of(bytes: &[u8], position: Option<&csv::Position>) -> u64 {
    let start = position.and_then(|position| usize::try_from(position.byte()).ok());
    let start = start.unwrap_or(0).min(bytes.len());
    let blank = bytes[start..]
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let begin = start + blank.count();
    let before = bytes[..begin].iter().filter(|byte| **byte == b'\n');
    before.count() as u64 + 1
}

fn bad_line(file: PathBuf, bytes: &[u8], error: &csv::Error) -> ImportError {
    let detail = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!(
            "it has {} and the header has {expected_len}",
            count(*len, "field")
        ),
        csv::ErrorKind::Utf8 { err, .. } => {
            format!("column {} is not UTF-8 text", err.field() + 1)
        }
        _ => error.to_string(),
    };
    let line = line_of(bytes, error.position());
    ImportError::Line { file, line, detail }
}

/// Where each column stands, from 0.
#[derive(Debug, Clone, Copy)]
struct Columns {
    device: usize,
    feature: Option<usize>,
    model: Option<usize>,
    priority: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, String> {
        let (mut device, mut feature, mut model, mut priority) = (None, None, None, None);
        for (index, name) in header.iter().enumerate() {
            let place = match name.to_ascii_lowercase().as_str() {
                "device" => &mut device,
                "feature" => &mut feature,
                "model" => &mut model,
                "priority" => &mut priority,
                _ => {
                    return Err(format!(
                        "column {} is {name:?}, not one of device, feature, model, priority",
                        index + 1
                    ));
                }
            };
            if place.replace(index).is_some() {
                return Err(format!("column {} is a second {name:?}", index + 1));
            }
        }
        let device = device.ok_or("there is no column device")?;
        Ok(Self {
            device,
            feature,
            model,
            priority,
        })
    }

    fn ask(&self, record: &StringRecord) -> Result<Ask, String> {
        let optional = |column: Option<usize>| {
            let text = record.get(column?)?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        let priority = optional(self.priority).map(|text| {
            let number = text.parse::<i32>();
            number.map_err(|_| format!("the priority {text:?} is not a whole number"))
        });
        Ok(Ask {
            device: record.get(self.device).unwrap_or_default().to_owned(),
            feature: optional(self.feature),
            model: optional(self.model),
            priority: priority.transpose()?,
            line: None,
            ttl: None,
        })
    }

    /// The column that a refusal with this code is about.
    fn blamed(&self, code: &str) -> Option<(usize, &'static str)> {
        let (column, name) = match code {
            "bad-device-id" => (Some(self.device), "device"),
            "unknown-feature" => (self.feature, "feature"),
            "bad-model" | "weight-changed" => (self.model, "model"),
            _ => (None, ""),
        };
        column.map(|column| (column + 1, name))
    }
}

#[cfg(test)]
mod tests;
