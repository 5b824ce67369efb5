"""What Python's email package says of a message, in the terms of postern's facts."""

import email
import email.header
import email.policy
import email.utils
import re


def plain(text):
    """A text by which two readings are compared: runs of white space are one blank, and what no text
    may hold is left out."""
    text = re.sub("[\0-\x08\x0e-\x1f\x7f]", " ", text)
    return re.sub(r"\s+", " ", text).strip()


def values(texts):
    """Texts as a fact has them: empty ones are absent."""
    return [t for t in map(plain, texts) if t]


def unescaped(text):
    """Bytes that the package could not decode, as U+FFFD."""
    return re.sub("[\ud800-\udfff]+", "\ufffd", text)


def header(message, name):
    """The texts of all headers of a name."""
    try:
        return [unescaped(str(v)) for v in message.get_all(name, [])]
    except Exception:  # its strict parser fails on some headers: the old one does not
        raw = email.message_from_bytes(message.as_bytes(), policy=email.policy.compat32)
        return [unescaped(str(email.header.make_header(email.header.decode_header(str(v)))))
                for v in raw.get_all(name, [])]


def mailboxes(message, name):
    """[(addr, name)] of all headers of a name."""
    out = []
    for field in message.get_all(name, []):
        out += [(unescaped(a.addr_spec), unescaped(a.display_name)) for a in field.addresses]
    return out


def is_text(part):
    return part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment"


def text_of(part):
    """The content of a text part."""
    try:
        return unescaped(part.get_content())
    except (LookupError, UnicodeError, ValueError):
        return (part.get_payload(decode=True) or b"").decode("ascii", "replace")


def facts(raw):
    """The facts of a message that the package can tell, by name: lists of texts. `texts` are the plain
    ones, with the subjects of messages inside; `sources` those in HTML."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    boxes = mailboxes(message, "From")
    out = {"subject": header(message, "Subject"), "from": [a for a, _ in boxes],
           "from.name": [n for _, n in boxes], "texts": [], "sources": [], "attachment.name": []}
    for part in message.walk():
        if part is not message and part.get_content_type() == "message/rfc822":
            out["texts"] += header(part.get_payload(0), "Subject")
        elif is_text(part):
            html = part.get_content_subtype() == "html"
            out["sources" if html else "texts"].append(text_of(part))
        name = part.get_filename()
        if name:
            out["attachment.name"].append(re.sub(r".*[/\\]", "", unescaped(name)))
    return {name: values(texts) for name, texts in out.items()}
