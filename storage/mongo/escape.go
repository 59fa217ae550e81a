package mongo

import (
	"bcs-storage/storage"
)

// Keys of the copy are escaped: a dot or a dollar in a field name cannot be
// queried, indexed or, by some servers, stored; a NUL ends a name; an empty
// name cannot be part of a path; and servers move a member called _id. An
// escape is a percent sign and two hexadecimal digits, "%" alone is the empty
// name.

const hexDigits = "0123456789ABCDEF"

func mustEscape(b byte) bool { return b == '.' || b == '$' || b == '%' || b == 0 }

// appendKey appends the escaped form of a member's name.
func appendKey(dst []byte, name []byte) []byte {
	if len(name) == 0 {
		return append(dst, '%')
	}
	if string(name) == storage.FieldID {
		return append(dst, "%5Fid"...)
	}
	for _, b := range name {
		if mustEscape(b) {
			dst = append(dst, '%', hexDigits[b>>4], hexDigits[b&15])
			continue
		}
		dst = append(dst, b)
	}
	return dst
}

// appendName appends the name that was escaped to key.
func appendName(dst []byte, key []byte) []byte {
	if len(key) == 1 && key[0] == '%' {
		return dst
	}
	for i := 0; i < len(key); i++ {
		if key[i] == '%' && i+2 < len(key) {
			dst = append(dst, unhex(key[i+1])<<4|unhex(key[i+2]))
			i += 2
			continue
		}
		dst = append(dst, key[i])
	}
	return dst
}

func unhex(b byte) byte {
	if b >= 'A' {
		return b - 'A' + 10
	}
	return b - '0'
}

func escapeKey(name string) string { return string(appendKey(nil, []byte(name))) }
