use std::ops::Range;

/// The same half-open ranges in their normal form: without empty ones, ascending, merged where they overlap or touch.
pub(crate) fn merged<T: Copy + Ord>(ranges: impl IntoIterator<Item = Range<T>>) -> Vec<Range<T>> {
    let mut ranges: Vec<_> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, kept| {
        let joins = next.start <= kept.end;
        if joins {
            kept.end = kept.end.max(next.end);
        }
        joins
    });
    ranges
}

#[cfg(test)]
mod tests {
    use super::merged;

    #[test]
    #[allow(clippy::reversed_empty_ranges)]
    fn ranges_are_merged_where_they_overlap_or_touch() {
        assert_eq!(merged([6..9, 1..3, 3..4, 7..8, 11..12]), [1..4, 6..9, 11..12]);
        assert_eq!(merged([5..5, 1..9, 4..2, 12..10, 20..21]), [1..9, 20..21]);
    }
}
