fn moving_average(values: &[f64], width: i64) -> Result<Vec<f64>, String> {
    if width < 1 || width as usize > values.len() {
        return Err(format!("{} values have no window of {}", values.len(), width));
    }
    let means = values.windows(width as usize).map(|window| window.iter().sum::<f64>() / width as f64);
    Ok(means.collect())
}
