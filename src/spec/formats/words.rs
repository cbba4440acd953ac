//! What the formats' checks are made of.

pub(in crate::spec) fn some(text: &str, fits: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(fits)
}

/// White space as ECMA 262's `\s` means it.
pub(in crate::spec) fn is_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

pub(in crate::spec) fn is_env_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit() || ".-".contains(c))
        && some(text, |c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// The list that someone meant who wrote its items with spaces or commas between them.
pub(in crate::spec) fn split(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split(|c| is_space(c) || c == ',')
        .filter(|word| !word.is_empty())
        .collect();
    (words.len() > 1).then(|| format!("[{}]", words.join(", ")))
}

/// A signal as image configs name it.
pub(in crate::spec) fn signal(text: &str) -> Option<String> {
    const NAMES: [&str; 14] = [
        "HUP", "INT", "QUIT", "ABRT", "KILL", "USR1", "USR2", "ALRM", "TERM", "CONT", "STOP",
        "TSTP", "WINCH", "PWR",
    ];
    if some(text, |c| c.is_ascii_digit()) {
        let number = text.parse().ok().filter(|n: &u8| (1..=64).contains(n))?;
        return (!text.starts_with('0')).then(|| number.to_string());
    }
    let name = text.strip_prefix("SIG").unwrap_or(text);
    let real_time = ["RTMIN", "RTMAX"].iter().any(|base| {
        name.strip_prefix(base).is_some_and(|rest| {
            rest.is_empty()
                || rest
                    .strip_prefix(['+', '-'])
                    .is_some_and(|digits| digits.len() <= 2 && some(digits, |c| c.is_ascii_digit()))
        })
    });
    (NAMES.contains(&name) || real_time).then(|| format!("SIG{name}"))
}

/// A duration as Go writes it, in nanoseconds.
pub(in crate::spec) fn duration(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let unit: u64 = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = match number.split_once('.') {
            None => (number, "0"),
            Some(parts) => parts,
        };
        for digits in [whole, fraction] {
            if digits.len() > 9 || !some(digits, |c| c.is_ascii_digit()) {
                return None;
            }
        }
        let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
        let fraction =
            u128::from(fraction.parse::<u64>().ok()?) * u128::from(unit) / u128::from(scale);
        let part = unit
            .saturating_mul(whole.parse().ok()?)
            .saturating_add(u64::try_from(fraction).ok()?);
        total = total.saturating_add(part);
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}
