//! The files that `cargo xtask gen` makes from the options, for `--generate`.

/// Each kind and its file.
pub(crate) const FILES: [(&str, &str); 6] = [
    ("man", include_str!("../../../docs/man/mqtt-pub.1")),
    ("bash", include_str!("../../../completions/mqtt-pub.bash")),
    ("zsh", include_str!("../../../completions/_mqtt-pub")),
    ("fish", include_str!("../../../completions/mqtt-pub.fish")),
    ("powershell", include_str!("../../../completions/_mqtt-pub.ps1")),
    ("elvish", include_str!("../../../completions/mqtt-pub.elv")),
];
