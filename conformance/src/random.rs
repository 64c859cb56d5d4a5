//! Randomness for names, passwords and waits, from the operating system.

/// A number below `bound`, close enough to uniform for names and passwords.
pub(crate) fn below(bound: usize) -> usize {
    number() as usize % bound
}

/// From 0 up to, but not including, 1.
pub(crate) fn fraction() -> f64 {
    f64::from(number()) / (f64::from(u32::MAX) + 1.0)
}

/// Eight hexadecimal digits.
pub(crate) fn hex() -> String {
    format!("{:08x}", number())
}

pub(crate) fn number() -> u32 {
    getrandom::u32().expect("the operating system gives random numbers")
}
