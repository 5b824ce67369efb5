"""DNS records, for a zone file of postern and for a server: names and texts are bytes."""

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, OPT = 1, 2, 5, 6, 12, 15, 16, 28, 41
TYPES = {"A": A, "AAAA": AAAA, "CNAME": CNAME, "MX": MX, "PTR": PTR, "TXT": TXT}
NAMES = {number: name for name, number in TYPES.items()}


def octets(text):
    """Text as bytes: a character is a byte, for texts that are no text on purpose."""
    return text if isinstance(text, bytes) else text.encode("latin-1")


def key(name):
    """A name as it is looked up: lower case, without the dot at its end."""
    return octets(name).rstrip(b".").lower()


class Zone:
    """records: name -> [(type, value)]. A value is an address or a name, (preference, name) for MX,
    a list of strings for TXT. silent: names whose other types are never answered; failing: names that
    are answered with SERVFAIL."""

    def __init__(self, text=""):
        """text: `NAME TYPE VALUE` a line, the value of a TXT record without quotes, or NAME TIMEOUT."""
        self.records = {}
        self.silent = set()
        self.failing = set()
        for line in filter(None, map(str.strip, text.splitlines())):
            name, kind, *value = line.split(None, 2)
            if kind == "TIMEOUT":
                self.silent.add(key(name))
            elif kind == "MX":
                preference, host = value[0].split()
                self.add(name, MX, (int(preference), host))
            else:
                self.add(name, TYPES[kind], value[0])

    def add(self, name, kind, value):
        if kind == TXT:
            value = [octets(s) for s in ([value] if isinstance(value, (str, bytes)) else value)]
            value = [s[i:i + 255] for s in value for i in range(0, max(len(s), 1), 255)]
        elif kind == MX:
            value = (value[0], octets(value[1]).rstrip(b"."))
        elif kind in (CNAME, PTR):
            value = octets(value).rstrip(b".")
        self.records.setdefault(key(name), []).append((kind, value))
        return self

    def find(self, name, kind):
        """The values of a name's records of a type."""
        return [v for k, v in self.records.get(key(name), []) if k == kind]

    def exists(self, name):
        """True if there is this name, or one below it."""
        name = key(name)
        below = b"." + name
        return name in self.records or any(n.endswith(below) for n in self.records)

    def write(self, path):
        """As a zone file. There, a failing name is a silent one, and a name with records answers all
        questions; it can't point to the root, but to a name that isn't there."""
        with open(path, "w", encoding="ascii") as file:
            for name, records in self.records.items():
                for kind, value in records:
                    file.write("%s %s %s\n" % (escape(name), NAMES[kind], value_text(kind, value)))
            for name in (self.silent | self.failing) - set(self.records):
                file.write("%s TIMEOUT\n" % escape(name))


def escape(text, also=b""):
    """Bytes as a zone file has them: what isn't printable as its decimal number."""
    return "".join("\\%03d" % c if not 32 < c < 127 and c not in also or c in b'"\\#' else chr(c)
                   for c in text)


def value_text(kind, value):
    if kind == TXT:
        return " ".join('"%s"' % escape(s, b" ") for s in value or [b""])
    if kind == MX:
        return "%d %s" % (value[0], escape(value[1]) or ".")
    if kind in (CNAME, PTR):
        return escape(value) or "nowhere.invalid"
    return value
