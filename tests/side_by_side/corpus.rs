//! Command lines as people really use them, at a real broker: with Debian's clients, with ours
//! through links with their names, and with ours under their own names.
//!
//! `{port}` is the port of a broker that nobody else uses. Stdout and the exit status must be the
//! same. A line that needs a subscriber before the publisher uses retained messages or a session
//! that the broker keeps, so that nothing depends on who is faster.

use test_support::mosquitto::Mosquitto;
use test_support::tool::{Output, Running, Tool};

use super::case::check;
use super::ledger;

/// Whose clients a line finds in its PATH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Debians,
    Linked,
    Own,
}

/// Runs a line in a shell, in a folder of its own.
fn run(line: &str, whose: Whose) -> Output {
    let broker = Mosquitto::builder().start();
    let subscriber = Tool::at(env!("CARGO_BIN_EXE_mqtt-sub"));
    let publisher = subscriber.sibling("mqtt-pub");
    let _linked_as_well = publisher.called("mosquitto_pub");
    let linked = subscriber.called("mosquitto_sub");
    let (clients, line) = match whose {
        Whose::Debians => (Tool::at("/usr/bin/mosquitto_sub"), line.to_owned()),
        Whose::Linked => (linked, line.to_owned()),
        Whose::Own => (subscriber, line.replace("mosquitto_", "mqtt-")),
    };
    let folder = clients.program().parent().expect("a program lies in a folder").display();
    let line = line.replace("{port}", &broker.port().to_string());
    let shell = Tool::at("/bin/sh");
    let mut command = shell.command(["-c", &line]);
    command.env("PATH", format!("{folder}:/usr/bin:/bin")).current_dir(shell.home());
    let mut running = Running::start(command);
    running.close_input();
    running.wait()
}

/// How it ended and what it wrote to stdout.
fn result(output: &Output) -> (Option<i32>, &[u8]) {
    (output.code(), &output.stdout)
}

/// All three must do the same, and something at all.
#[track_caller]
fn same(lines: &[&str]) {
    compare(lines, &[Whose::Linked, Whose::Own]);
}

#[track_caller]
fn compare(lines: &[&str], ours: &[Whose]) {
    if ledger::records(&[]) {
        return;
    }
    check(lines, |line| {
        let theirs = run(line, Whose::Debians);
        if theirs.stdout.is_empty() {
            return Err(format!("{line}\nshows nothing: {theirs:?}\n"));
        }
        for &whose in ours {
            let ours = run(line, whose);
            if result(&ours) != result(&theirs) {
                return Err(format!("{line}\nDebian's: {theirs:?}\nours ({whose:?}): {ours:?}\n"));
            }
        }
        Ok(())
    });
}

#[test]
fn health_checks() {
    same(&[
        "mosquitto_sub -h localhost -p {port} -t '$SYS/broker/version' -C 1 -W 10",
        "mosquitto_sub -p {port} -t no/answer -C 1 -W 3; echo \"status $?\"",
        "mosquitto_sub -p {port} -t '$SYS/#' -C 1 -i healthcheck -W 10 > /dev/null || exit 1
         echo healthy",
        "mosquitto_sub -h 127.0.0.1 -p {port} -t any -E && echo reachable",
        "if mosquitto_pub -h localhost -p {port} -t test -m ping -q 1; then echo up; else echo down; fi",
        "mosquitto_pub -h localhost -p 1 -t test -m ping || echo \"down ($?)\"",
        "timeout 20 mosquitto_pub -p {port} -i probe -t probe -n -q 2 -k 10 && echo ok",
    ]);
}

#[test]
fn home_automation() {
    same(&[
        "mosquitto_pub -h localhost -p {port} -t cmnd/lamp/POWER -m ON -r
         mosquitto_sub -h localhost -p {port} -t 'cmnd/+/POWER' -C 1 -v",
        "mosquitto_pub -p {port} -r -t homeassistant/sensor/a/config \
             -m '{\"name\": \"a\", \"state_topic\": \"a/state\", \"unit_of_measurement\": \"°C\"}'
         mosquitto_sub -p {port} -t 'homeassistant/#' -F '%t %p' -C 1",
        "mosquitto_pub -p {port} -t zigbee2mqtt/bridge/request/permit_join -q 2 -r \
             -m '{\"value\": true, \"time\": 60}'
         mosquitto_sub -p {port} -t zigbee2mqtt/bridge/request/+ -q 2 -C 1 -F '%q %r %l %p'",
        "mosquitto_pub -V mqttv5 -u joe -P secret -p {port} -t 'haus/küche/licht oben' -m 'an' -r
         mosquitto_sub -V mqttv5 -u joe -P secret -p {port} -t 'haus/#' -v -C 1",
        "mosquitto_pub -p {port} -t sensor/temp -m 23 -r
         temp=$(mosquitto_sub -p {port} -t sensor/temp -C 1)
         [ \"$temp\" -gt 20 ] && echo \"warm: $temp\"",
        "mosquitto_pub -p {port} -r -t tele/a/SENSOR -m '{\"Time\":\"x\",\"SI7021\":{\"Temperature\":21.5}}'
         mosquitto_sub -p {port} -t 'tele/+/SENSOR' -C 1 | sed -n 's/.*\"Temperature\":\\([0-9.]*\\).*/\\1/p'",
    ]);
}

#[test]
fn loops_and_pipes() {
    same(&[
        "for room in attic bath hall; do mosquitto_pub -p {port} -t home/$room -m \"in $room\" -r; done
         mosquitto_sub -v -p {port} -t 'home/#' -C 3 | sort | while read -r topic payload; do
             echo \"topic=$topic payload=$payload\"
         done",
        "for i in 1 2 3; do mosquitto_pub -p {port} -t n/$i -m $i -r -q 1; done
         mosquitto_sub -p {port} -v -t 'n/+' -C 3 | awk '{ sum += $2 } END { print sum }'",
        "printf 'a 1\\nb 2\\n' | while read -r t m; do mosquitto_pub -p {port} -t \"x/$t\" -m \"$m\" -r < /dev/null; done
         mosquitto_sub -p {port} -v -t x/# -C 2 | sort | tee log | wc -l
         cat log",
        "printf 'a b\\nc d\\n' | xargs -n 2 sh -c 'mosquitto_pub -p {port} -t \"$0\" -m \"$1\" -r'
         mosquitto_sub -p {port} -t a -t c -v -C 2 | sort",
        "mosquitto_pub -p {port} -t a/1 -m one -r; mosquitto_pub -p {port} -t b/2 -m two -r
         mosquitto_sub -p {port} -t '#' -T 'b/#' -v -C 1",
        "mosquitto_pub -p {port} -t a -m old -r
         mosquitto_sub -p {port} -t a -R -W 3; echo \"status $?\"",
        "mosquitto_pub -p {port} -t a -m x -r
         mosquitto_sub -p {port} -t a -C 1 -F '@s %p' | grep -c '^[0-9]* x$'",
        "mosquitto_sub -p {port} -t go -C 1 > got & sub=$!
         while kill -0 $sub 2> /dev/null; do mosquitto_pub -p {port} -t go -m now; sleep 0.1; done
         wait $sub; echo \"status $?\"; cat got",
        "mosquitto_pub -p {port} -t a -m '{\"v\": [1, 2], \"s\": \"ä\"}' -r
         mosquitto_sub -p {port} -t a -C 1 -F %J | sed 's/.*\"payload\"://'",
    ]);
}

#[test]
fn files_and_streams() {
    same(&[
        "head -c 300000 /dev/zero | tr '\\0' x > image
         mosquitto_pub -p {port} -t camera/still -r -q 1 -f image
         mosquitto_sub -p {port} -t camera/still -C 1 -N | cmp - image && echo same",
        "printf 'a\\0b\\377' > binary
         mosquitto_pub -p {port} -t b -r -f binary; mosquitto_sub -p {port} -t b -C 1 -N | od -An -tx1
         mosquitto_sub -p {port} -t b -C 1 -F %X",
        "echo from stdin | mosquitto_pub -p {port} -t s -r -s
         mosquitto_sub -p {port} -t s -C 1 -N",
        "mosquitto_sub -p {port} -i logger -c -q 1 -t log -E
         printf 'one\\ntwo\\n\\nfour' | mosquitto_pub -p {port} -t log -q 1 -l
         mosquitto_sub -p {port} -i logger -c -q 1 -t log -C 4 -F '[%p]'",
        "mosquitto_sub -p {port} -i ticks -c -q 2 -t tick -E
         mosquitto_pub -p {port} -t tick -m tock -q 2 --repeat 3 --repeat-delay 0.01
         mosquitto_sub -p {port} -i ticks -c -q 2 -t tick -C 3 -v",
        "seq 1000 > lines; mosquitto_sub -p {port} -i many -c -q 1 -t log -E
         head -n 100 lines | mosquitto_pub -p {port} -t log -q 1 -l
         mosquitto_sub -p {port} -i many -c -q 1 -t log -C 100 | cksum",
    ]);
}

#[test]
fn cron_jobs_and_clean_up() {
    same(&[
        "mosquitto_pub -p {port} -t backup/last -r -m \"ok $(date -u -d @0 +%FT%TZ)\" > /dev/null 2>&1
         mosquitto_sub -p {port} -t backup/last -C 1",
        "mosquitto_pub -p {port} -t disk -r -q 1 -m \"$(printf '/ 42%%\\n/home 7%%\\n')\"
         mosquitto_sub -p {port} -t disk -C 1",
        "for t in old/a old/b old/c; do mosquitto_pub -p {port} -t $t -m x -r; done
         mosquitto_sub -p {port} -t 'old/#' -F %t -C 3 | sort | while read -r topic; do
             mosquitto_pub -p {port} -t \"$topic\" -r -n < /dev/null && echo \"removed $topic\"
         done
         mosquitto_sub -p {port} -t 'old/#' -C 1 -W 3; echo \"status $?\"",
        "mosquitto_pub -p {port} -t keep -r -m x
         mosquitto_pub -p {port} -t keep -r -m '' && mosquitto_sub -p {port} -t keep -C 1 -W 3 || echo gone",
        "mosquitto_sub -p {port} -i gone -c -q 1 -t a -E
         mosquitto_sub -p {port} -i gone -c -q 1 -t b -U a -E
         mosquitto_pub -p {port} -q 1 -t a -m lost; mosquitto_pub -p {port} -q 1 -t b -m kept
         mosquitto_sub -p {port} -i gone -c -q 1 -t b -C 1 -v",
        "mosquitto_pub -p {port} --quiet -t 'bad/#' -m x 2> /dev/null; echo \"status $?\"
         mosquitto_sub -p {port} 2> /dev/null; echo \"status $?\"",
    ]);
}

// Under our own names these lines are on stderr.
#[test]
fn looking_at_what_goes_to_and_fro() {
    compare(
        &[
            "mosquitto_pub -d -i one -p {port} -t a -m x -q 2 | grep -c PUB",
            "mosquitto_sub -d -i two -p {port} -t a -t b -q 1 -E -V mqttv31 | tail -n 3",
        ],
        &[Whose::Linked],
    );
}
