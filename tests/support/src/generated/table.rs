//! The tables of the project's documents.

/// The cells of each row below the table's head, in the section of that heading.
#[must_use]
#[track_caller]
pub fn rows(document: &str, heading: &str) -> Vec<Vec<String>> {
    let section = document.split("\n## ").find(|section| section.lines().next() == Some(heading));
    let section = section.unwrap_or_else(|| panic!("no section '{heading}'"));
    let lines = section.lines().filter(|line| line.starts_with('|'));
    let rows: Vec<_> = lines.skip(2).map(cells).collect();
    assert!(!rows.is_empty(), "no table in '{heading}'");
    rows
}

fn cells(line: &str) -> Vec<String> {
    // A bar within a cell is written as its entity.
    let cells = line.trim_matches('|').split('|');
    cells.map(|cell| cell.trim().replace("&#124;", "|")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_its_heading() {
        let text = "# A\n\n## B\n\n| x | y |\n|---|---|\n| `a` | b |\n| c | &#124; |\n\n## C\n";
        assert_eq!(rows(text, "B"), [["`a`", "b"], ["c", "|"]]);
    }

    #[test]
    #[should_panic(expected = "no section 'D'")]
    fn a_section_that_is_not_there_is_a_mistake() {
        let _none = rows("# A\n\n## B\n", "D");
    }
}
