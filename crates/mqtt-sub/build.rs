//! Packs the files for `--generate`.

fn main() {
    packed_files::pack("mqtt-sub");
}
