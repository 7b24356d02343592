use std::process::Command;

use super::{TOOLS, workspace};

/// What groff says against the page, and the page as a terminal shows it.
fn set(tool: &str, arguments: &[&str]) -> (String, String) {
    let page = workspace().join("docs/man").join(format!("{tool}.1"));
    let output = Command::new("groff")
        .args(["-man", "-ww", "-K", "utf8", "-rLL=80n"])
        .args(arguments)
        .arg(page)
        .output()
        .expect("groff is installed");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stderr), text(output.stdout))
}

#[test]
fn groff_has_nothing_against_the_pages() {
    for tool in TOOLS {
        assert_eq!(set(tool, &["-z"]), (String::new(), String::new()), "{tool}");
    }
}

#[test]
fn a_terminal_shows_every_section_within_80_columns() {
    for tool in TOOLS {
        let (_, page) = set(tool, &["-Tutf8", "-P-c", "-P-b", "-P-u"]);
        let lines: Vec<_> = page.lines().collect();
        for section in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "EXAMPLES",
            "EXIT STATUS",
            "ENVIRONMENT",
            "FILES",
            "DIFFERENCES",
            "SEE ALSO",
        ] {
            assert!(lines.contains(&section), "{tool}: {section}");
        }
        let longest = lines.iter().max_by_key(|line| line.chars().count()).unwrap();
        assert!(longest.chars().count() <= 84, "{tool}: {longest}");
        // As it is typed: no other dash, no other apostrophe.
        assert!(!page.contains(['‐', '−', '’']), "{tool}");
    }
}

#[test]
fn statuses_and_differences_are_those_of_the_documents() {
    let (_, page) = set("mqtt-sub", &["-Tutf8", "-P-c", "-P-b", "-P-u"]);
    for text in ["the time of -W ran out\n", "original: stdout\n", "MQTT_PASSWORD\n"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("pub -l at QoS 0"));
    let (_, page) = set("mqtt-pub", &["-Tutf8", "-P-c", "-P-b", "-P-u"]);
    assert!(page.contains("pub -l at QoS 0"));
}
