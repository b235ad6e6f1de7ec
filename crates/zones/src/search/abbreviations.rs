//! Abbreviations that the IANA database lacks, or has in an order that helps few people.
//!
//! It has those that are in common use in English (`EST`, `KST`, `IST`), which are read from the rules themselves. For most
//! other zones it has had only numbers since 2017. <https://data.iana.org/time-zones/theory.html#abbreviations>

/// The zones of an abbreviation in upper case: those that come before the database's, and those that come after.
///
/// An abbreviation with several meanings offers all of them, the most populous first. Manila's zone is an exception: the
/// database has it as `PST`, which by law is `PhST` (Republic Act 10535).
pub(super) fn meanings(abbreviation: &str) -> (&'static [&'static str], &'static [&'static str]) {
    let first: &[&str] = match abbreviation {
        "ET" => &["America/New_York", "America/Toronto"],
        "CT" => &["America/Chicago", "America/Winnipeg"],
        "MT" => &["America/Denver", "America/Edmonton"],
        "PT" | "PST" => &["America/Los_Angeles", "America/Vancouver"],
        "AT" => &["America/Halifax", "America/Puerto_Rico"],
        "NT" => &["America/St_Johns"],
        "AKT" => &["America/Anchorage"],
        "HT" => &["Pacific/Honolulu"],
        "Z" | "UCT" | "ZULU" => &["UTC"],
        "SGT" => &["Asia/Singapore"],
        "MYT" => &["Asia/Kuala_Lumpur"],
        "ICT" => &["Asia/Ho_Chi_Minh", "Asia/Bangkok"],
        "PHT" | "PHST" => &["Asia/Manila"],
        "BDT" => &["Asia/Dhaka"],
        "NPT" => &["Asia/Kathmandu"],
        "MMT" => &["Asia/Yangon"],
        "LKT" | "SLST" => &["Asia/Colombo"],
        "UZT" => &["Asia/Tashkent"],
        "AFT" => &["Asia/Kabul"],
        "IRST" => &["Asia/Tehran"],
        "TRT" => &["Europe/Istanbul"],
        "GST" => &["Asia/Dubai"],
        "BRT" => &["America/Sao_Paulo"],
        "ART" => &["America/Argentina/Buenos_Aires"],
        "CLT" | "CLST" => &["America/Santiago"],
        "COT" => &["America/Bogota"],
        "PET" => &["America/Lima"],
        "VET" => &["America/Caracas"],
        "BOT" => &["America/La_Paz"],
        "ECT" => &["America/Guayaquil"],
        "UYT" => &["America/Montevideo"],
        "PYT" | "PYST" => &["America/Asuncion"],
        "ALMT" => &["Asia/Almaty"],
        "YEKT" => &["Asia/Yekaterinburg"],
        "NOVT" => &["Asia/Novosibirsk"],
        "VLAT" => &["Asia/Vladivostok"],
        "ULAT" => &["Asia/Ulaanbaatar"],
        "GET" => &["Asia/Tbilisi"],
        "AZT" => &["Asia/Baku"],
        "AMT" => &["Asia/Yerevan", "America/Manaus"],
        "FJT" => &["Pacific/Fiji"],
        "MUT" => &["Indian/Mauritius"],
        "MVT" => &["Indian/Maldives"],
        "CVT" => &["Atlantic/Cape_Verde"],
        "HKST" => &["Asia/Hong_Kong"],
        _ => &[],
    };
    let last: &[&str] = match abbreviation {
        "AST" => &["Asia/Riyadh"],
        "BST" => &["Asia/Dhaka"],
        _ => &[],
    };
    (first, last)
}
