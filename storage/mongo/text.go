package mongo

import (
	"bytes"
	"strings"
)

// A NUL in a string of the copy is escaped: no pattern can hold one, and not
// every server can store one. An escape is one of three characters that
// Unicode reserves for such uses, then as many of the second as say which
// character is meant, then the third. The three are escaped themselves. As an
// escape begins and ends with characters that occur nowhere else, an escaped
// string contains another exactly if the strings do.
const (
	escapeBegins = "\uFDD0"
	escapeCounts = "\uFDD1"
	escapeEnds   = "\uFDD2"
	escapeBytes  = "\xEF\xB7" // what the three begin with
)

// escaped are the characters that are escaped, by count.
const escaped = "\x00" + escapeBegins + escapeCounts + escapeEnds

func appendText(dst, text []byte) []byte {
	if bytes.IndexByte(text, 0) < 0 && !bytes.Contains(text, []byte(escapeBytes)) {
		return append(dst, text...)
	}
	return append(dst, escapeText(string(text))...)
}

// escapeText is text as the copy has it; text is UTF-8.
func escapeText(text string) string {
	if !strings.ContainsAny(text, escaped) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		count := 0
		found := false
		for _, special := range escaped {
			if found = r == special; found {
				break
			}
			count++
		}
		if !found {
			b.WriteRune(r)
			continue
		}
		b.WriteString(escapeBegins + strings.Repeat(escapeCounts, count) + escapeEnds)
	}
	return b.String()
}

// appendPlain appends the text that was escaped.
func appendPlain(dst, text []byte) []byte {
	for {
		before, rest, found := bytes.Cut(text, []byte(escapeBegins))
		dst = append(dst, before...)
		if !found {
			return dst
		}
		count, rest, _ := bytes.Cut(rest, []byte(escapeEnds))
		n := len(count) / len(escapeCounts)
		for _, special := range escaped {
			if n--; n < 0 {
				dst = append(dst, string(special)...)
				break
			}
		}
		text = rest
	}
}
