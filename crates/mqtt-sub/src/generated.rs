//! The files that `cargo xtask gen` makes from the options, for `--generate`.

/// Each kind and its file.
pub(crate) const FILES: [(&str, &str); 6] = [
    ("man", include_str!("../../../docs/man/mqtt-sub.1")),
    ("bash", include_str!("../../../completions/mqtt-sub.bash")),
    ("zsh", include_str!("../../../completions/_mqtt-sub")),
    ("fish", include_str!("../../../completions/mqtt-sub.fish")),
    ("powershell", include_str!("../../../completions/_mqtt-sub.ps1")),
    ("elvish", include_str!("../../../completions/mqtt-sub.elv")),
];
