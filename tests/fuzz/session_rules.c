/*
 * session_rules.c - the rule sets of fuzz_session: each setting that changes when and what the MTA
 * is told, each action, facts of each stage
 */
#include "session_rules.h"

const char *const session_rules[SESSION_RULES] = {
	"set dns-zone \"zone\"\n"
	"list inside of networks { 10.0.0.0/8, !192.0.2.9, 192.0.2.0/28 }\n"
	"list roles of addresses { postmaster@, abuse@ \"a role\", <> }\n"
	"list dynamic of patterns i { /dyn(amic)?/ \"dynamic names\", /[0-9]+-[0-9]+/ }\n"
	"accept if client.ip in inside or sasl.user\n"
	"accept if recipient in roles\n"
	"dynamic: reject 550 5.7.1 \"{client.ptr}: {entry.text}\" if client.ptr in dynamic\n"
	"my-name: reject \"{helo}\\nis {1}\" if helo ~ /(bad.*)/\n"
	"spf-fail: reject 550 5.7.23 \"{spf.reason}\" if spf = fail\n"
	"spf-later: tempfail 451 4.4.3 if spf = temperror and recipient.domain != example.com\n"
	"refused: reject 553 5.1.1 \"{recipient} {rest}\" if recipient.local ~ /^no(?<rest>.*)/\n"
	"later: tempfail if macro(\"{rcpt_host}\") = later\n",

	"set refuse-at connect\n"
	"set mixed-recipients deliver\n"
	"reject 554 5.7.1 \"{client.name} {client.ip}\" if client.resolve in { fail, forged }\n"
	"tempfail 421 4.7.0 \"{helo}\" if helo = spammer.example\n"
	"discard if sender ~ /^drop/\n"
	"set-header \"Subject\" \"[x] {raw.header(\\\"Subject\\\")}\""
	" if raw.header(\"X-Spam\") ~ /yes/i\n"
	"add-header \"X-Rcpt\" \"{recipient} {recipient.count} {sender}\" if recipient\n"
	"remove-header \"Bcc\"\n"
	"remove-header \"X-Old\" ~ /^a(b|c)*d/\n"
	"redirect \"spam@{recipient.domain}\" if recipient.local = spam\n"
	"copy-to \"{sender}\" if size > 100\n"
	"quarantine \"{raw.header.lines}\" if count(raw.header.lines) > 3\n"
	"score 3 if raw.body ~ /money/\n"
	"score -2 if recipient.domain = example.org\n"
	"high: reject \"{score} {score.rules}\" if score >= 3\n",

	"set mixed-recipients drop\n"
	"set on-error skip\n"
	"set max-message-size 64\n"
	"accept if sender = <> and recipient.local = mailer-daemon\n"
	"reject if recipient ~ /^r/ or count(recipient ~ /x/) > 2\n"
	"discard if recipient ~ /^d/\n"
	"tempfail if recipient ~ /^t/ and size.declared > 10\n"
	"when raw.body ~ /(a+)+$/ {\n"
	"    quarantine\n"
	"    tempfail 450 4.2.0 \"{1}\" if 2 of (sasl.user, tls.version, helo ~ /[.]/)\n"
	"}\n"
	"add-header \"X-Size\" \"{size}\" if message.truncated or raw.header(\"To\")\n",

	"set mode monitor\n"
	"set refuse-at mail\n"
	"reject if helo !~ /[.]/\n"
	"reject 550 5.7.1 \"%{sender}%\" if sender.domain in { .example, example.org }\n"
	"log \"{macro(\\\"i\\\")} {macro(\\\"{daemon_name}\\\")} {sender}\" if tls.version\n"
	"monitor reject \"{recipient}\" if recipient ~ /spam/\n"
	"discard if raw.header(\"Subject\") = \"{sender.local}\"\n",

	"set dns-zone \"zone\"\n"
	"set refuse-at helo\n"
	"log \"{client.ip} {client.port} {server.name} {daemon}\"\n"
	"monitor add-header \"X-Seen\" \"{helo}\" if helo\n"
	"quarantine \"{sender}\" if spf in { softfail, neutral }\n"
	"set-header \"X-Long\" \"{raw.header.lines}\" if macro(\"{unheard_of}\") = 1\n"
	"accept if macro(\"{auth_authen}\") and server.port = 587\n"
	"reject 530 5.7.0 \"Authenticate first\" if server.port in { 465, 587 }\n"
	"tempfail if spf.helo = temperror\n"
	"accept if (sender, recipient) in { \"a@example.org\" \"b@example.org\" }\n"
	"add-header \"X-From\" \"{sender.local} {sender.domain}\"\n"
	"reject \"{raw.header(\\\"From\\\")}\""
	" if count(raw.header(\"From\", \"Sender\") ~ /@/) > 1\n",
};

const char session_zone[] =
    "example.net TXT \"v=spf1 ip4:192.0.2.0/24 include:%{d2}.loop.example exp=why.example.net -all\"\n"
    "why.example.net TXT \"%{i} may not send for %{s}\"\n"
    "soft.example TXT \"v=spf1 a mx ptr exists:%{l}.example ~all\"\n"
    "slow.example TIMEOUT\n";
