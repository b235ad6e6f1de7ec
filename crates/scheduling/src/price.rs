//! Prices in words.

use crate::Price;

const MINUS: char = '\u{2212}';

impl Price {
    /// As people read it, in every language: `$30.00`, `₩30,000`, `CHF 12.50`.
    ///
    /// ```
    /// use scheduling::Price;
    /// assert_eq!(Price { amount: 3000, currency: "USD".into() }.in_words(), "$30.00");
    /// assert_eq!(Price { amount: 30_000, currency: "KRW".into() }.in_words(), "₩30,000");
    /// ```
    pub fn in_words(&self) -> String {
        let (symbol, digits) = currency(&self.currency);
        let unit = 10_u64.pow(digits);
        let amount = self.amount.unsigned_abs();
        let mut text = String::new();
        if self.amount < 0 {
            text.push(MINUS);
        }
        match symbol {
            Some(symbol) => text.push_str(symbol),
            None => {
                text.push_str(&self.currency);
                text.push('\u{a0}');
            }
        }
        text.push_str(&grouped(amount / unit));
        if digits > 0 {
            text.push_str(&format!(".{:0width$}", amount % unit, width = digits as usize));
        }
        text
    }
}

/// A currency's symbol, where it says clearly which one it is, and how many digits its minor unit has (ISO 4217).
pub fn currency(code: &str) -> (Option<&'static str>, u32) {
    let symbol = match code {
        "USD" => Some("$"),
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        "JPY" => Some("¥"),
        "KRW" => Some("₩"),
        "INR" => Some("₹"),
        _ => None,
    };
    let digits = match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "CLF" | "UYW" => 4,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    };
    (symbol, digits)
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
