fn free_slots(meetings: &[Vec<i64>], opens: i64, closes: i64, shortest: i64) -> Vec<Vec<i64>> {
    let mut sorted = meetings.to_vec();
    sorted.sort();
    sorted.push(vec![closes, closes]);
    let mut free = opens;
    let mut slots = Vec::new();
    for meeting in sorted {
        let until = meeting[0].min(closes);
        if until - free >= shortest {
            slots.push(vec![free, until]);
        }
        free = free.max(meeting[1]);
    }
    slots
}
