
use builtin;
use str;

set edit:completion:arg-completer[mqtt-pub] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'mqtt-pub'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'mqtt-pub'= {
            cand -t 'Topic to publish to'
            cand --topic 'Topic to publish to'
            cand -m 'Payload: the text itself'
            cand --message 'Payload: the text itself'
            cand -f 'Payload: the content of FILE'
            cand --file 'Payload: the content of FILE'
            cand -q 'Quality of service: 0, 1 or 2'
            cand --qos 'Quality of service: 0, 1 or 2'
            cand --repeat 'Publish the message so many times, 1 to 4294967295'
            cand --repeat-delay 'Seconds to pause between two of them, 0 to 1000000000, with decimals if wanted'
            cand -h 'Host name or address of the broker'
            cand --host 'Host name or address of the broker'
            cand -p 'Port of the broker, 1 to 65535 (0: --host is the path of a unix socket)'
            cand --port 'Port of the broker, 1 to 65535 (0: --host is the path of a unix socket)'
            cand --unix 'Unix socket of the broker'
            cand --dns-server 'DNS server to ask for addresses and SRV records, as ADDRESS or ADDRESS:PORT, instead of the system''s'
            cand -A 'Name or address of this machine to connect from'
            cand --bind-address 'Name or address of this machine to connect from'
            cand --ws-path 'Path to ask for over WebSocket'
            cand --ws-header 'Header to send when WebSocket begins, as ''NAME: VALUE'''
            cand --proxy 'Connect through a proxy: socks5h://[USER[:PASSWORD]@]HOST[:PORT], socks5:// or http://'
            cand --cafile 'Use TLS and believe the authorities in FILE (PEM)'
            cand --capath 'Use TLS and believe the authorities in the files of FOLDER (PEM)'
            cand --cert 'Use TLS and show the broker the certificate in FILE (PEM)'
            cand --key 'The key of --cert (PEM)'
            cand --key-password-file 'File whose first line is the passphrase of --key'
            cand --keyform 'What --key is: pem [default: pem]'
            cand --tls-version 'Least version of TLS: tlsv1.2 (and newer) or tlsv1.3 [default: tlsv1.2]'
            cand --ciphers 'Cipher suites allowed, by name, with colons between them'
            cand --tls-alpn 'Protocol to offer (ALPN), 1 to 255 bytes'
            cand --psk 'Use TLS with this key that the broker has, too: hexadecimal digits'
            cand --psk-identity 'Which key --psk is'
            cand --tls-keylog 'Write the keys of each connection to FILE, for tools that look into it'
            cand -i 'Client identifier'
            cand --id 'Client identifier'
            cand -I 'Client identifier is PREFIX followed by the process id'
            cand --id-prefix 'Client identifier is PREFIX followed by the process id'
            cand -V 'Version of MQTT: mqttv31 (31), mqttv311 (311) or mqttv5 (5)'
            cand --protocol-version 'Version of MQTT: mqttv31 (31), mqttv311 (311) or mqttv5 (5)'
            cand -x 'Seconds that the broker keeps the session after this client has left (MQTT 5), 0 to 4294967294'
            cand --session-expiry 'Seconds that the broker keeps the session after this client has left (MQTT 5), 0 to 4294967294'
            cand -D 'Give a packet a property'
            cand --property 'Give a packet a property'
            cand --will-topic 'Have the broker publish a will to TOPIC if the connection is lost'
            cand --will-payload 'Payload of the will, at most 65535 bytes'
            cand --will-qos 'Quality of service of the will: 0, 1 or 2'
            cand -u 'User name'
            cand --username 'User name'
            cand -P 'Password'
            cand --pw 'Password'
            cand --password 'Password'
            cand -k 'Seconds without traffic after which the connection is tested, 5 to 65535'
            cand --keepalive 'Seconds without traffic after which the connection is tested, 5 to 65535'
            cand --connect-timeout 'Seconds that connecting may take, from the look-up of the name to the broker''s answer'
            cand -M 'Most messages of QoS 1 and 2 that are sent and not yet acknowledged, 1 to 65535'
            cand --max-inflight 'Most messages of QoS 1 and 2 that are sent and not yet acknowledged, 1 to 65535'
            cand --max-packet-size 'Largest packet to take from the broker, in bytes behind its length, 1 to 268435455'
            cand --color 'Colours in --debug lines: auto (on a terminal, unless the environment says otherwise), always or never'
            cand -L 'Broker, credentials and topic in one: mqtt://USER:PASSWORD@HOST:PORT/TOPIC, also mqtts, ws, wss'
            cand --url 'Broker, credentials and topic in one: mqtt://USER:PASSWORD@HOST:PORT/TOPIC, also mqtts, ws, wss'
            cand -o 'Read options from FILE, one per line, instead of the user''s own file'
            cand --options-file 'Read options from FILE, one per line, instead of the user''s own file'
            cand -s 'Payload: all of stdin'
            cand --stdin-file 'Payload: all of stdin'
            cand -l 'One message per line of stdin'
            cand --stdin-line 'One message per line of stdin'
            cand -n 'Empty payload'
            cand --null-message 'Empty payload'
            cand -r 'Have the broker keep the message for later subscribers'
            cand --retain 'Have the broker keep the message for later subscribers'
            cand -S 'Find brokers by the SRV records of --host'
            cand --srv 'Find brokers by the SRV records of --host'
            cand --nodelay 'Send small packets at once'
            cand --ws 'Speak MQTT over WebSocket'
            cand --tls-use-os-certs 'Use TLS and believe the operating system''s authorities'
            cand --insecure 'Do not look at the broker''s certificate: anyone can pretend to be the broker'
            cand --no-tls 'Use no TLS, whatever the other options say'
            cand -c 'Keep the session at the broker when this client leaves'
            cand --disable-clean-session 'Keep the session at the broker when this client leaves'
            cand --will-retain 'Have the broker keep the will for later subscribers'
            cand -d 'Print every packet that is sent and received'
            cand --debug 'Print every packet that is sent and received'
            cand --quiet 'Print no warnings and errors while running'
            cand --show-config 'Print every setting in force and where it comes from, and do nothing else'
            cand --help 'Print this help'
            cand --version 'Print the version'
        }
    ]
    $completions[$command]
}
