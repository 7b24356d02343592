//! The generated files, as shells and readers of man pages use them. That they are current is tested
//! beside the options.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

/// Completions, loaded by real shells.
mod completions;
/// Man pages, set by groff.
mod man;

use std::path::Path;

use test_support::tool::Tool;

const TOOLS: [&str; 3] = ["mqtt-pub", "mqtt-sub", "mqtt-passwd"];

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn tool(name: &str) -> Tool {
    Tool::at(env!("CARGO_BIN_EXE_mqtt-sub")).sibling(name)
}

#[test]
fn the_tools_print_the_files() {
    for name in TOOLS {
        for (kind, file) in [
            ("man", format!("docs/man/{name}.1")),
            ("bash", format!("completions/{name}.bash")),
            ("zsh", format!("completions/_{name}")),
            ("fish", format!("completions/{name}.fish")),
            ("powershell", format!("completions/_{name}.ps1")),
            ("elvish", format!("completions/{name}.elv")),
        ] {
            // Whatever an options file says.
            let output = tool(name).run(["--generate", kind]);
            output.assert_code(0);
            let committed = std::fs::read_to_string(workspace().join(file)).unwrap();
            assert_eq!(output.stdout(), committed);
        }
        tool(name).run(["--generate", "tcsh"]).assert_code(1);
        let help = tool(name).run(["--help"]);
        assert!(!help.stdout().contains("--generate "), "{help:?}");
    }
}
