//! Times as text.

/// Milliseconds since 1970 as RFC 3339 writes them, in UTC: `2026-01-31T23:59:59.999Z`.
pub(super) fn rfc3339(since_1970_ms: u64) -> String {
    let (seconds, millis) = (since_1970_ms / 1000, since_1970_ms % 1000);
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// The Gregorian date of a day since 1970 (Hinnant, "chrono-compatible low-level date algorithms",
/// `civil_from_days`). Years begin in March there, so that the leap day comes last.
fn date(day_since_1970: u64) -> (u64, u64, u64) {
    let day = day_since_1970 + 719_468; // since 0000-03-01
    let era = day / 146_097; // 400 years
    let day_of_era = day % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values by `date -u -d @… +%FT%T`.
    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (1_709_164_800, "2024-02-29T00:00:00.000Z"),
            (1_767_225_599, "2025-12-31T23:59:59.000Z"),
            (1_767_225_600, "2026-01-01T00:00:00.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(seconds * 1000), expected);
        }
        assert_eq!(rfc3339(7), "1970-01-01T00:00:00.007Z");
    }
}
