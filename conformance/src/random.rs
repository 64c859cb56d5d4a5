//! Randomness for names and passwords, from the operating system.

/// A number below `bound`, close enough to uniform for names and passwords.
pub(crate) fn below(bound: usize) -> usize {
    number() as usize % bound
}

/// Eight hexadecimal digits.
pub(crate) fn hex() -> String {
    format!("{:08x}", number())
}

fn number() -> u32 {
    getrandom::u32().expect("the operating system gives random numbers")
}
