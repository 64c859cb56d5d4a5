//! Numbers that look random and follow from a seed, so that a run can be repeated.

/// The `index`th number of the sequence of `seed` (`SplitMix64`).
pub fn mix(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Sixteen bytes of the sequence of `seed`.
pub fn sixteen_bytes(seed: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(seed, 0).to_le_bytes());
    bytes[8..].copy_from_slice(&mix(seed, 1).to_le_bytes());
    bytes
}
