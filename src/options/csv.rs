//! One line of comma-separated values, as Go's `csvvalue` reads it.

/// The fields of a line. A field in quotes may hold commas, and quotes written twice.
///
/// # Errors
/// For an empty line and for a quote out of place, in Go's words.
pub(super) fn fields(line: &str) -> Result<Vec<String>, String> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err("EOF".into());
    }
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted, line)?,
            None => bare_field(rest, line)?,
        };
        fields.push(field);
        match after {
            Some(after) => rest = after,
            None => return Ok(fields),
        }
    }
}

/// A field and what follows the comma behind it, if there is one.
type Field<'a> = (String, Option<&'a str>);

fn bare_field<'a>(rest: &'a str, line: &str) -> Result<Field<'a>, String> {
    let (field, after) = match rest.split_once(',') {
        Some((field, after)) => (field, Some(after)),
        None => (rest, None),
    };
    match field.find('"') {
        Some(at) => Err(error(line, &rest[at..], "bare \" in non-quoted-field")),
        None => Ok((field.to_owned(), after)),
    }
}

fn quoted_field<'a>(mut rest: &'a str, line: &str) -> Result<Field<'a>, String> {
    const QUOTE: &str = "extraneous or missing \" in quoted-field";
    let mut field = String::new();
    loop {
        let Some((text, after)) = rest.split_once('"') else {
            return Err(error(line, rest, QUOTE));
        };
        field.push_str(text);
        if let Some(more) = after.strip_prefix('"') {
            field.push('"');
            rest = more;
        } else if let Some(next) = after.strip_prefix(',') {
            return Ok((field, Some(next)));
        } else if after.is_empty() {
            return Ok((field, None));
        } else {
            return Err(error(line, &rest[text.len()..], QUOTE));
        }
    }
}

fn error(line: &str, rest: &str, why: &str) -> String {
    let column = line.len() - rest.len() + 1;
    format!("parse error on line 1, column {column}: {why}")
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn fields_are_read_as_go_does() {
        let check = |line: &str, want: &[&str]| {
            assert_eq!(
                fields(line).as_deref(),
                Ok(want.map_owned().as_slice()),
                "{line}"
            );
        };
        check("a,b", &["a", "b"]);
        check("a,", &["a", ""]);
        check(",", &["", ""]);
        check("a\r\n", &["a"]);
        check(r#""a,b",c"#, &["a,b", "c"]);
        check(r#""a""b""#, &["a\"b"]);
        check(r#""""#, &[""]);
        for bad in ["", "\n", "a\"", "\"a", "\"a\"b,c"] {
            assert!(fields(bad).is_err(), "{bad}");
        }
        assert_eq!(
            fields("x,a\"b").unwrap_err(),
            "parse error on line 1, column 4: bare \" in non-quoted-field"
        );
    }

    trait MapOwned {
        fn map_owned(&self) -> Vec<String>;
    }
    impl MapOwned for &[&str] {
        fn map_owned(&self) -> Vec<String> {
            self.iter().map(|text| (*text).to_owned()).collect()
        }
    }
}
