use test_support::scripted_peer::ScriptedPeer;

use super::{publisher, start_at};

#[test]
fn a_build_without_psk_says_how_to_get_one_and_sends_nothing() {
    let peer = ScriptedPeer::listen();
    let options = ["--psk", "abcdef", "--psk-identity", "i", "-t", "t", "-m", "x"];
    let output = start_at(&peer, &options).wait();
    output.assert_code(1);
    let expected = "error: '--psk' needs OpenSSL, which is not in this build\n\
        hint: built with the feature 'psk' it is: cargo build --release --features psk (it needs \
        libssl-dev and pkg-config)\n";
    assert_eq!(output.stderr(), expected);
    assert!(peer.try_accept().is_none());
    assert!(!publisher().run(["--version"]).stdout().contains("PSK"));
}
