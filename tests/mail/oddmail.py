"""Messages that senders get wrong, and why postern and Python's email package see them differently."""

HEAD = "From: a@example.net\nSubject: test\nMIME-Version: 1.0\n"


def mixed(*parts, end="--b--\n", kind="mixed"):
    """A multipart of these parts, each with its header and an empty line."""
    return (HEAD + "Content-Type: multipart/%s; boundary=b\n\n" % kind
            + "".join("--b\n%s\n" % p for p in parts) + end)


def attached(parameters):
    return mixed("\ntext", "Content-Type: application/octet-stream\n"
                 "Content-Disposition: attachment%s\n\nx" % parameters)


COMMA = "what stands before the address is its name; Python makes an address of it, without domain"
SECOND = "both are addresses; Python stops where the comma is missing"
UUENCODE = "mail programs show a file, and the text around it"
NO_PART = "a multipart in which no part can be found is shown as a text; Python has none"
TWO_NAMES = "mail programs differ in which of the two names they show: both are told"

# (name, message, {fact: why both differ}); a difference in a fact that isn't named fails.
MAILS = [
    ("a letter", HEAD + "\nHello\nworld\n", {}),
    ("subject: encoded words", "From: a@example.net\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\n"
     " =?iso-8859-1?Q?_an_J=F6rg?=\n\n", {}),
    ("subject: split in a character", "From: a@example.net\nSubject: =?utf-8?B?R3LD?="
     " =?utf-8?B?vMOfZQ==?=\n\n", {}),
    ("subject: not divided", "From: a@example.net\nSubject: =?utf-8?Q?ab?==?utf-8?Q?cd?=\n\n", {}),
    ("subject: blanks in a word", "From: a@example.net\nSubject: =?utf-8?Q?two words?= x\n\n", {}),
    ("subject: unknown charset", "From: a@example.net\nSubject: =?x-none?Q?a=FCb?=\n\n", {}),
    ("subject: in quotes", "From: a@example.net\nSubject: \"=?utf-8?Q?a=C3=BC?=\"\n\n", {}),
    ("subject: without end", "From: a@example.net\nSubject: =?utf-8?Q?a=C3=BC\n\n", {"subject": "mail programs differ; a word that only lacks its end is taken for one"}),
    ("subject: base64 cut", "From: a@example.net\nSubject: =?utf-8?B?R3LDvMOfZ?= x\n\n", {"subject": "what is there of base64 is decoded"}),
    ("subject: raw bytes", "From: a@example.net\nSubject: Grüße\n\n", {}),
    ("subject: raw bytes of Latin-1", "From: a@example.net\nSubject: Grüße\n\n".encode("latin-1"), {}),
    ("subject: folds and tabs", "From: a@example.net\nSubject: one\n\ttwo\n   three\n\n", {}),
    ("subject: two of them", "From: a@example.net\nSubject: one\nSubject: two\n\n", {}),
    ("from: name in quotes, encoded", "From: \"=?utf-8?Q?J=C3=B6rg_M.?=\" <a@example.net>\n\n", {}),
    ("from: name encoded", "From: =?utf-8?Q?M=2C_J=C3=B6rg?= <a@example.net>\n\n", {}),
    ("from: name as a comment", "From: a@example.net (Jane Doe)\n\n", {"from.name": "a comment behind an address is its name, as RFC 822 had it"}),
    ("from: comments everywhere", "From: (x) Jane (y) Doe <a(z)@(v)example.net> (w)\n\n", {}),
    ("from: comma that isn't quoted", "From: Doe, Jane <a@example.net>\n\n", {"from": COMMA, "from.name": COMMA}),
    ("from: group", "From: Friends: a@example.net, \"B, C\" <b@example.net>;\n\n", {}),
    ("from: two without comma", "From: A <a@example.net> B <b@example.net>\n\n", {"from": SECOND, "from.name": SECOND}),
    ("from: two of them", "From: a@example.net\nFrom: B <b@example.net>\n\n", {}),
    ("from: an address as name", "From: \"boss@bank.example\" <a@example.net>\n\n", {}),
    ("from: an address as name, no quotes", "From: boss@bank.example <a@example.net>\n\n", {"from": "the address is in the angle brackets: what stands before it is for the reader's eyes",
      "from.name": "likewise"}),
    ("from: no brackets closed", "From: Jane <a@example.net\n\n", {}),
    ("from: nothing at all", "From: \n\n", {}),
    ("from: a blank before the colon", "From : Jane <a@example.net>\nSubject: x\n\n", {}),
    ("from: UTF-8 throughout", "From: Jörg <jörg@bücher.example>\n\n", {}),
    ("text: unknown charset", HEAD + "Content-Type: text/plain; charset=x-none\n\nabc\n", {}),
    ("text: 8-bit without charset", HEAD + "\nGrüße\n", {}),
    ("text: Latin-1 said to be ASCII", (HEAD + "Content-Type: text/plain; charset=us-ascii\n\n"
                                        "Grüße\n").encode("latin-1"), {}),
    ("text: windows-1252 said to be Latin-1",
     HEAD.encode() + b"Content-Type: text/plain; charset=iso-8859-1\n\n\x93quoted\x94\n", {"body": "as browsers and mail programs do: no text has the control characters of Latin-1"}),
    ("text: base64 cut", HEAD + "Content-Transfer-Encoding: base64\n\nSGVsbG8gd29ybGQhI\n", {"body": "what is there of base64 is decoded"}),
    ("text: base64 with more behind it", HEAD + "Content-Transfer-Encoding: base64\n\n"
     "SGVsbG8=\nSGVsbG8=\n", {"body": "padding doesn't end it: mail programs go on"}),
    ("text: base64 that isn't", HEAD + "Content-Transfer-Encoding: base64\n\nHello, world!\n", {}),
    ("text: broken quoted-printable", HEAD + "Content-Transfer-Encoding: quoted-printable\n\n"
     "a=ZZb=\nc=4\nd=C3=BC=\n", {}),
    ("text: unknown encoding", HEAD + "Content-Transfer-Encoding: x-none\n\nabc\n", {}),
    ("text: flowed", HEAD + "Content-Type: text/plain; format=flowed\n\none \ntwo\n", {}),
    ("text: flowed, delsp", HEAD + "Content-Type: text/plain; format=flowed; delsp=yes\n\non \ne\n", {"body": "RFC 3676, which Python doesn't know"}),
    ("text: uuencoded file", HEAD + "\nbefore\nbegin 644 a.txt\n#86)C\n`\nend\nbehind\n", {"body": UUENCODE, "attachment.name": UUENCODE}),
    ("parts: alternative", mixed("Content-Type: text/plain\n\nplain",
                                 "Content-Type: text/html\n\n<p>html</p>", kind="alternative"), {}),
    ("parts: no end", mixed("\none", "\ntwo", end=""), {}),
    ("parts: wrong boundary", mixed("\none").replace("boundary=b", "boundary=c"), {"body": NO_PART}),
    ("parts: no boundary", mixed("\none").replace("; boundary=b", ""), {"body": NO_PART}),
    ("parts: a boundary that begins like it", mixed("Content-Type: multipart/mixed; boundary=bb\n\n"
                                                    "--bb\n\none\n--bb--\n", "\ntwo"), {}),
    ("parts: inner without end", mixed("Content-Type: multipart/mixed; boundary=c\n\n--c\n\none\n",
                                       "\ntwo"), {}),
    ("parts: header without empty line", mixed("Content-Type: text/plain\none", "\ntwo"), {}),
    ("parts: text before and behind", mixed("\none").replace("\n\n--b", "\n\nbefore\n--b") + "behind\n", {}),
    ("parts: a message inside", mixed("Content-Type: message/rfc822\n\nSubject: inner\n\ntext"), {}),
    ("parts: a message inside, base64", mixed(
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        "U3ViamVjdDogaW5uZXIKCnRleHQK"), {"body": "RFC 2046 forbids it and mail programs decode it"}),
    ("parts: a digest", mixed("\nSubject: one\n\ntext one", "\nSubject: two\n\ntext two",
                              kind="digest"), {}),
    ("parts: two types", HEAD + "Content-Type: text/plain\nContent-Type: text/html\n\n<p>x</p>\n", {}),
    ("parts: a type that is none", HEAD + "Content-Type: text\n\nabc\n", {}),
    ("file: RFC 2231", attached("; filename*=utf-8''Gr%C3%BC%C3%9Fe.txt"), {}),
    ("file: RFC 2231 in pieces", attached("; filename*1=cd.txt; filename*0=ab"), {}),
    ("file: RFC 2231 with a gap", attached("; filename*0=ab; filename*2=cd.txt"), {"attachment.name": "mail programs differ; an extension behind the gap is not to be missed"}),
    ("file: RFC 2231 without charset", attached("; filename*=abc.txt"), {}),
    ("file: both kinds", attached("; filename=a.txt; filename*=utf-8''b.txt"), {"attachment.name": "RFC 6266 says that the extended one counts; Python takes the first"}),
    ("file: encoded word", attached("; filename=\"=?utf-8?B?R3LDvMOfZS50eHQ=?=\""), {}),
    ("file: blanks without quotes", attached("; filename=my file.txt"), {"attachment.name": "mail programs take all of it"}),
    ("file: quote without end", attached("; filename=\"a.txt"), {}),
    ("file: raw bytes", attached("; filename=\"Grüße.txt\""), {}),
    ("file: path", attached("; filename=\"C:\\\\x\\\\a.txt\""), {}),
    ("file: something behind the quotes", attached("; filename=\"a.txt\" (x)"), {}),
    ("file: name of the type alone", mixed("Content-Type: image/png; name=a.png\n\nx"), {}),
    ("file: two names", mixed("Content-Type: image/png; name=a.png\n"
                              "Content-Disposition: inline; filename=b.png\n\nx"), {"attachment.name": TWO_NAMES}),
]

# Of mails that are found in the folders of POSTERN_ODD_MAIL: why, the facts, the files.
REASONS = [
    (TWO_NAMES, "attachment.name", "attachment_content_disposition.eml fname.eml ics.eml "
     "raw_email_with_nested_attachment.eml"),
    ("mail programs take all of a name without quotes", "attachment.name",
     "attachment_with_unquoted_name.eml raw_email_with_binary_encoded.eml malformed-017.eml"),
    ("the field is broken, and mail programs find the name", "attachment.name",
     "attachment_with_base64_encoded_name.eml"),
    ("a zip lists what is in it", "attachment.name", "broken_richtext.eml"),
    ("an encoded word that nothing divides from others has no blank there", "from.name",
     "bad_subject.eml foff-0956786dc4.eml foff-319c060819.eml"),
    ("a comment behind an address is its name", "from.name",
     "multi_address_bounce1.eml multi_address_bounce2.eml"),
    ("words before the address are its name, not of its local part", "from from.name",
     "mix_caps_content_type.eml utf8-to.raw.golden"),
    (SECOND, "from from.name", "malformed-multiple-address-header-values.raw raw_email_multiple_from.eml"),
    ("`From :` is a From as well, to MTAs", "from", "phish_sender3.eml"),
    ("`<>` is no address", "from", "currency.eml"),
    ("an address with CR or LF in it makes Python fail", "*", "qp-utf8-header-recursed.raw"),
    (NO_PART, "body", "alternative-empty-related.eml multipart-wo-boundary.raw malformed-002.eml "
     "malformed-004.eml malformed-005.eml malformed-007.eml"),
    ("the field names another boundary than the parts have, which is taken then", "body body.html",
     "btc2.eml btc3.eml btc4.eml external_relay.eml freemailcc.eml phish_sender.eml phish_sender3.eml "
     "phish_sender5.eml phish_sender6.eml"),
    ("a line that is no field doesn't end the header of a part while its fields go on",
     "attachment.name", "bad-header-wrap.raw"),
    ("a boundary that is broken, and found by mail programs", "body body.html",
     "raw_email_bad_time.eml raw_email_with_illegal_boundary.eml"),
    ("a text that is the whole message is shown, attachment or not", "body",
     "attachment-only-text-attachment.raw"),
    ("what is there of base64 is decoded, whatever is missing or stands behind it", "body body.html",
     "extra-base64-character.raw thirdparty-002.eml"),
    ("words that are no base64, but of its letters", "body", "mime-bad-content-transfer-encoding.raw"),
    ("a message inside is decoded, though RFC 2046 forbids that it is encoded", "body body.html",
     "mime_garb1.in mime_garb3.in mime_garb4.in rfc-008.eml thirdparty-003.eml"),
    ("message/global is one as well (RFC 6532)", "body", "mime_global.in"),
    ("UTF-8 that is called Latin-1", "body body.html", "attachment_pdf_non_ascii.eml "
     "attachment_pdf_non_ascii_lf.eml content_transfer_encoding_7-bit.eml"),
    ("reports of delivery are attachments; Python reads them as messages", "body",
     "multipart_report_multiple_status.eml"),
    ("the file has LF in UTF-16, which becomes CR LF as in SMTP", "body", "thirdparty-005.eml"),
    ("a charset of several bytes, which Python's decoder gives up earlier", "body.html",
     "content_transfer_encoding_empty.eml"),
    ("the header begins with a line that is none: Python takes all for text", "subject body body.html",
     "malformed-019.eml"),
]

# {file: {fact: why}}
FOUND = {}
for _why, _facts, _files in REASONS:
    for _file in _files.split():
        FOUND.setdefault(_file, {}).update({fact: _why for fact in _facts.split()})
