//! The rows of a table in a file: one JSON array a line, bytes in base64.

use std::io::{self, BufRead, Read, Write};

use anyhow::{Context, bail, ensure};
use crypto::{
    digest::Sha256,
    encoding::{base64, base64_decode},
};
use records::{
    Value,
    copy::{ColumnKind, Table},
};
use serde_json::Value as Json;

use crate::limits::ROW_BYTES_MAX;

/// Writes a row.
pub(super) fn write(out: &mut impl Write, row: &[Value]) -> io::Result<()> {
    let value = |value: &Value| match value {
        Value::Bytes(Some(bytes)) => Json::String(base64(bytes)),
        Value::Int(Some(number)) => Json::from(*number),
        Value::Text(Some(text)) => Json::String(text.clone()),
        Value::Bytes(None) | Value::Int(None) | Value::Text(None) => Json::Null,
    };
    serde_json::to_writer(&mut *out, &row.iter().map(value).collect::<Vec<_>>())?;
    out.write_all(b"\n")
}

/// Reads the rows of a table, and keeps account of what was read.
pub(super) struct RowReader<'a, R> {
    input: R,
    table: &'a Table,
    digest: Sha256,
    /// How many were read.
    pub rows: u64,
}

impl<'a, R: BufRead> RowReader<'a, R> {
    pub fn new(input: R, table: &'a Table) -> Self {
        Self { input, table, digest: Sha256::new(), rows: 0 }
    }

    /// The next row with its length in the file; none at the end.
    ///
    /// # Errors
    ///
    /// A line that is too long, was cut off, or is no row of the table; its number is said, and nothing of what is in it.
    pub fn next(&mut self) -> anyhow::Result<Option<(Vec<Value>, usize)>> {
        let mut line = Vec::new();
        self.input.by_ref().take(ROW_BYTES_MAX).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        self.digest.update(&line);
        self.rows += 1;
        let (table, number) = (self.table, self.rows);
        ensure!(line.ends_with(b"\n"), "row {number} of {} is cut off, or longer than any row", table.name);
        let row = read(&line, table).with_context(|| format!("row {number} of {}", table.name))?;
        Ok(Some((row, line.len())))
    }

    /// The digest of what was read, hexadecimal.
    pub fn sha256(self) -> String {
        self.digest.finish_hex()
    }
}

fn read(line: &[u8], table: &Table) -> anyhow::Result<Vec<Value>> {
    let Ok(values) = serde_json::from_slice::<Vec<Json>>(line) else { bail!("it is no list of values") };
    ensure!(values.len() == table.columns.len(), "it has {} values for {} columns", values.len(), table.columns.len());
    let value = |(value, column): (Json, &records::copy::Column)| {
        let read = match (column.kind, value) {
            (kind, Json::Null) => Some(kind.null()),
            (ColumnKind::Bytes, Json::String(text)) => base64_decode(&text).map(|bytes| Value::Bytes(Some(bytes))),
            (ColumnKind::Int, Json::Number(number)) => number.as_i64().map(|number| Value::Int(Some(number))),
            (ColumnKind::Text, Json::String(text)) => Some(Value::Text(Some(text))),
            _ => None,
        };
        read.with_context(|| format!("{} is no {}", column.name, column.kind.name()))
    };
    values.into_iter().zip(&table.columns).map(value).collect()
}

#[cfg(test)]
mod tests {
    use records::copy::Column;

    use super::*;

    fn table() -> Table {
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        let columns =
            vec![column("id", ColumnKind::Text), column("at", ColumnKind::Int), column("sealed", ColumnKind::Bytes)];
        Table { name: "thing".to_owned(), columns }
    }

    fn all(text: &[u8]) -> anyhow::Result<Vec<Vec<Value>>> {
        let table = table();
        let mut reader = RowReader::new(text, &table);
        let mut rows = Vec::new();
        while let Some((row, _)) = reader.next()? {
            rows.push(row);
        }
        assert_eq!(reader.sha256(), crypto::digest::hex(&crypto::digest::sha256(text)));
        Ok(rows)
    }

    #[test]
    fn a_row_is_read_back_as_it_was_whatever_is_in_it() {
        let text = |text: &str| Value::Text(Some(text.to_owned()));
        let rows = vec![
            vec![text("龘𠮷 \"\\\n\u{0}\u{2028}"), Value::Int(Some(i64::MIN)), Value::Bytes(Some((0..=255).collect()))],
            vec![text(""), Value::Int(Some(i64::MAX)), Value::Bytes(Some(Vec::new()))],
            vec![Value::Text(None), Value::Int(None), Value::Bytes(None)],
        ];
        let mut written = Vec::new();
        for row in &rows {
            write(&mut written, row).unwrap();
        }
        assert_eq!(all(&written).unwrap(), rows);
        assert_eq!(all(b"").unwrap(), Vec::<Vec<Value>>::new());
    }

    #[test]
    fn what_is_no_row_is_named_by_its_number_and_nothing_of_it_is_repeated() {
        let check = |text: &str, part: &str| {
            let said = format!("{:#}", all(text.as_bytes()).unwrap_err());
            assert!(said.contains(part) && said.contains("of thing") && !said.contains("geheim"), "{text}: {said}");
        };
        check("[\"geheim\",1,\"\"]\n[\"geheim\",1,\"\"]", "row 2 of thing is cut off");
        check("[\"geheim\",1]\n", "2 values for 3 columns");
        check("[\"geheim\",1,\"\",null]\n", "4 values for 3 columns");
        check("[\"geheim\",\"geheim\",\"\"]\n", "at is no bigint");
        check("[\"geheim\",1.5,\"\"]\n", "at is no bigint");
        check("[\"geheim\",9223372036854775808,\"\"]\n", "at is no bigint");
        check("[7,1,\"\"]\n", "id is no text");
        check("[\"geheim\",1,\"geheim!\"]\n", "sealed is no bytea");
        check("[[\"geheim\"],1,\"\"]\n", "id is no text");
        check("{\"geheim\":1}\n", "no list of values");
        check("\n", "no list of values");
        check(&format!("{}\n", "[".repeat(100_000)), "no list of values");
        check("\u{fffd}geheim\n", "no list of values");
    }
}
