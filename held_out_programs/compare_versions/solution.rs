use std::cmp::Ordering;

fn compare_versions(first: &str, second: &str) -> Result<i64, String> {
    let (mut one, mut other) = (numbers(first)?, numbers(second)?);
    let length = one.len().max(other.len());
    one.resize(length, 0);
    other.resize(length, 0);
    Ok(match one.cmp(&other) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    })
}

fn numbers(version: &str) -> Result<Vec<u32>, String> {
    if !version.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()) {
        return Err(format!("no version: {version}"));
    }
    version.split('.').map(|part| part.parse().map_err(|_| format!("no version: {version}"))).collect()
}
