package storage

import "bytes"

// The functions in this file walk JSON that CheckJSON has accepted: they find
// things fast because they need not check. None of them allocates, but for a
// name that is written with escapes.

// skipSpace is the index of the first byte at or after i that is not white space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// trimSpace is b without the white space around it.
func trimSpace(b []byte) []byte {
	b = b[skipSpace(b, 0):]
	for len(b) > 0 {
		switch b[len(b)-1] {
		case ' ', '\n', '\t', '\r':
			b = b[:len(b)-1]
		default:
			return b
		}
	}
	return b
}

// skipString is the index after the string that starts at i.
func skipString(b []byte, i int) int {
	for j := i + 1; ; {
		n := bytes.IndexByte(b[j:], '"')
		if n < 0 {
			return len(b)
		}
		j += n
		back := j - 1
		for back > i && b[back] == '\\' {
			back--
		}
		if (j-back)%2 == 1 { // an even number of backslashes before the quote
			return j + 1
		}
		j++
	}
}

// skipValue is the index after the value that starts at i.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipContainer(b, i)
	}
	for i < len(b) {
		switch b[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			return i
		}
		i++
	}
	return i
}

func skipContainer(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return i
}

// cursor steps through the members of an object or the elements of an array.
type cursor struct {
	b      []byte
	i      int
	object bool
}

// openContainer positions a cursor before the first entry; false when v is a
// scalar. White space before v is skipped.
func openContainer(v []byte) (cursor, bool) {
	i := skipSpace(v, 0)
	if i == len(v) || v[i] != '{' && v[i] != '[' {
		return cursor{}, false
	}
	return cursor{b: v, i: i + 1, object: v[i] == '{'}, true
}

// next is the next entry; key is the quoted name in an object, nil in an array.
func (c *cursor) next() (key, value []byte, ok bool) {
	i := skipSpace(c.b, c.i)
	if i < len(c.b) && c.b[i] == ',' {
		i = skipSpace(c.b, i+1)
	}
	if i >= len(c.b) || c.b[i] == '}' || c.b[i] == ']' {
		return nil, nil, false
	}
	if c.object {
		end := skipString(c.b, i)
		key = c.b[i:end]
		i = skipSpace(c.b, end)
		i = skipSpace(c.b, i+1) // the colon
	}
	end := skipValue(c.b, i)
	value = c.b[i:end]
	c.i = end
	return key, value, true
}

// nameIs says whether the quoted name key spells name.
func nameIs(key []byte, name string) bool {
	inner := key[1 : len(key)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner) == name
	}
	return string(unquote(key)) == name
}

// member is the value of the object's member name.
func member(object []byte, name string) ([]byte, bool) {
	c, ok := openContainer(object)
	if !ok || !c.object {
		return nil, false
	}
	for {
		key, value, ok := c.next()
		if !ok {
			return nil, false
		}
		if nameIs(key, name) {
			return value, true
		}
	}
}

// resolve calls visit with every value that path leads to below v, until visit
// returns true, and says whether one did. An array on the way stands for each
// of its objects; a part that is a number also picks the element at that index
// (the path rules of MongoDB).
func resolve(v []byte, path Path, visit func([]byte) bool) bool {
	if len(path) == 0 {
		return visit(v)
	}
	c, ok := openContainer(v)
	if !ok {
		return false
	}
	if c.object {
		value, ok := member(v, path[0])
		return ok && resolve(value, path[1:], visit)
	}
	index, isIndex := arrayIndex(path[0])
	for i := 0; ; i++ {
		_, value, ok := c.next()
		if !ok {
			return false
		}
		if isIndex && i == index && resolve(value, path[1:], visit) {
			return true
		}
		if value[0] == '{' && resolve(value, path, visit) {
			return true
		}
	}
}

// arrayIndex reads a path part as the index of an array element: digits
// without a leading zero.
func arrayIndex(part string) (int, bool) {
	if len(part) == 0 || len(part) > 9 || part[0] == '0' && len(part) > 1 {
		return 0, false
	}
	n := 0
	for i := range len(part) {
		if part[i] < '0' || part[i] > '9' {
			return 0, false
		}
		n = n*10 + int(part[i]-'0')
	}
	return n, true
}

// Lookup is the first value that path leads to below a JSON value that
// CheckJSON accepted, and whether there is one.
func Lookup(v []byte, path Path) (value []byte, ok bool) {
	ok = resolve(trimSpace(v), path, func(found []byte) bool {
		value = found
		return true
	})
	return value, ok
}
