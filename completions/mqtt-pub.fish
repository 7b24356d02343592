complete -c mqtt-pub -s t -l topic -d 'Topic to publish to' -r -f
complete -c mqtt-pub -s m -l message -d 'Payload: the text itself' -r -f
complete -c mqtt-pub -s f -l file -d 'Payload: the content of FILE' -r -F
complete -c mqtt-pub -l save-unsent -d 'Add the lines of stdin that do not get through to FILE, which is made if it is not there' -r -F
complete -c mqtt-pub -s q -l qos -d 'Quality of service: 0, 1 or 2' -r -f -a "0\t''
1\t''
2\t''"
complete -c mqtt-pub -l repeat -d 'Publish the message so many times, 1 to 4294967295' -r -f
complete -c mqtt-pub -l repeat-delay -d 'Seconds to pause between two of them, 0 to 1000000000, with decimals if wanted' -r -f
complete -c mqtt-pub -s h -l host -d 'Host name or address of the broker' -r -f -a "(__fish_print_hostnames)"
complete -c mqtt-pub -s p -l port -d 'Port of the broker, 1 to 65535 (0: --host is the path of a unix socket)' -r -f
complete -c mqtt-pub -l unix -d 'Unix socket of the broker' -r -F
complete -c mqtt-pub -l dns-server -d 'DNS server to ask for addresses and SRV records, as ADDRESS or ADDRESS:PORT, instead of the system\'s' -r -f
complete -c mqtt-pub -s A -l bind-address -d 'Name or address of this machine to connect from' -r -f
complete -c mqtt-pub -l ws-path -d 'Path to ask for over WebSocket' -r -f
complete -c mqtt-pub -l ws-header -d 'Header to send when WebSocket begins, as \'NAME: VALUE\'' -r -f
complete -c mqtt-pub -l proxy -d 'Connect through a proxy: socks5h://[USER[:PASSWORD]@]HOST[:PORT], socks5:// or http://' -r -f
complete -c mqtt-pub -l cafile -d 'Use TLS and believe the authorities in FILE (PEM)' -r -F
complete -c mqtt-pub -l capath -d 'Use TLS and believe the authorities in the files of FOLDER (PEM)' -r -f -a "(__fish_complete_directories)"
complete -c mqtt-pub -l cert -d 'Use TLS and show the broker the certificate in FILE (PEM)' -r -F
complete -c mqtt-pub -l key -d 'The key of --cert (PEM)' -r -F
complete -c mqtt-pub -l key-password-file -d 'File whose first line is the passphrase of --key' -r -F
complete -c mqtt-pub -l keyform -d 'What --key is: pem [default: pem]' -r -f -a "pem\t''"
complete -c mqtt-pub -l tls-version -d 'Least version of TLS: tlsv1.2 (and newer) or tlsv1.3 [default: tlsv1.2]' -r -f -a "tlsv1.2\t''
tlsv1.3\t''"
complete -c mqtt-pub -l ciphers -d 'Cipher suites allowed, by name, with colons between them' -r -f
complete -c mqtt-pub -l tls-alpn -d 'Protocol to offer (ALPN), 1 to 255 bytes' -r -f
complete -c mqtt-pub -l psk -d 'Use TLS with this key that the broker has, too: hexadecimal digits' -r -f
complete -c mqtt-pub -l psk-identity -d 'Which key --psk is: text of 1 to 255 bytes' -r -f
complete -c mqtt-pub -l tls-keylog -d 'Write the keys of each connection to FILE, for tools that look into it' -r -F
complete -c mqtt-pub -s i -l id -d 'Client identifier' -r -f
complete -c mqtt-pub -s I -l id-prefix -d 'Client identifier is PREFIX followed by the process id' -r -f
complete -c mqtt-pub -s V -l protocol-version -d 'Version of MQTT: mqttv31 (31), mqttv311 (311) or mqttv5 (5)' -r -f -a "mqttv31\t''
31\t''
mqttv311\t''
311\t''
mqttv5\t''
5\t''"
complete -c mqtt-pub -s x -l session-expiry -d 'Seconds that the broker keeps the session after this client has left (MQTT 5), 0 to 4294967294' -r -f
complete -c mqtt-pub -s D -l property -d 'Give a packet a property' -r -f -a "connect\t''
will\t''
publish\t''
subscribe\t''
unsubscribe\t''
disconnect\t''"
complete -c mqtt-pub -l will-topic -d 'Have the broker publish a will to TOPIC if the connection is lost' -r -f
complete -c mqtt-pub -l will-payload -d 'Payload of the will, at most 65535 bytes' -r -f
complete -c mqtt-pub -l will-qos -d 'Quality of service of the will: 0, 1 or 2' -r -f -a "0\t''
1\t''
2\t''"
complete -c mqtt-pub -s u -l username -d 'User name' -r -f
complete -c mqtt-pub -s P -l pw -l password -d 'Password' -r -f
complete -c mqtt-pub -l password-file -d 'Take the password from the first line of FILE, or of stdin (-)' -r -F
complete -c mqtt-pub -l password-command -d 'Take the password from the first line that COMMAND prints' -r -f
complete -c mqtt-pub -s k -l keepalive -d 'Seconds without traffic after which the connection is tested, 5 to 65535' -r -f
complete -c mqtt-pub -l connect-timeout -d 'Seconds that connecting may take, from the look-up of the name to the broker\'s answer' -r -f
complete -c mqtt-pub -l retry -d 'Try again so often where the broker cannot be reached, at first or later, 0 to 4294967295 or "forever"' -r -f
complete -c mqtt-pub -s W -l timeout -d 'Leave after so many seconds, with status 27 if there was more to do' -r -f
complete -c mqtt-pub -s M -l max-inflight -d 'Most messages of QoS 1 and 2 that are sent and not yet acknowledged, 1 to 65535' -r -f
complete -c mqtt-pub -l max-packet-size -d 'Largest packet to take from the broker, in bytes behind its length, 1 to 268435455' -r -f
complete -c mqtt-pub -l color -d 'Colours in help, messages and --debug lines: auto (on a terminal, unless the environment says otherwise), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqtt-pub -s L -l url -d 'Broker, credentials and topic in one: mqtt://USER:PASSWORD@HOST:PORT/TOPIC, also mqtts, ws, wss' -r -f
complete -c mqtt-pub -s o -l options-file -d 'Read options from FILE, one per line, instead of the user\'s own file' -r -F
complete -c mqtt-pub -l profile -d 'Of the options file, read also the lines behind [NAME], up to the next name in brackets' -r -f
complete -c mqtt-pub -s s -l stdin-file -d 'Payload: all of stdin'
complete -c mqtt-pub -s l -l stdin-line -d 'One message per line of stdin'
complete -c mqtt-pub -s n -l null-message -d 'Empty payload'
complete -c mqtt-pub -s r -l retain -d 'Have the broker keep the message for later subscribers'
complete -c mqtt-pub -s S -l srv -d 'Find brokers by the SRV records of --host'
complete -c mqtt-pub -l nodelay -d 'Send small packets at once, as is always done'
complete -c mqtt-pub -l ws -d 'Speak MQTT over WebSocket'
complete -c mqtt-pub -l tls-use-os-certs -d 'Use TLS and believe the operating system\'s authorities'
complete -c mqtt-pub -l insecure -d 'Do not look at the broker\'s certificate: anyone can pretend to be the broker'
complete -c mqtt-pub -l no-tls -d 'Use no TLS, whatever the other options say'
complete -c mqtt-pub -s c -l disable-clean-session -d 'Keep the session at the broker when this client leaves'
complete -c mqtt-pub -l will-retain -d 'Have the broker keep the will for later subscribers'
complete -c mqtt-pub -l no-reconnect -d 'Leave when the connection is lost'
complete -c mqtt-pub -s d -l debug -d 'Print every packet that is sent and received'
complete -c mqtt-pub -l quiet -d 'Print no warnings and errors while running'
complete -c mqtt-pub -l show-config -d 'Print every setting in force and where it comes from, and do nothing else'
complete -c mqtt-pub -l help -d 'Print this help'
complete -c mqtt-pub -l version -d 'Print the version'
complete -c mosquitto_pub -w mqtt-pub
